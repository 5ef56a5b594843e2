import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { createClient, type Sql } from "../../src/database/client.ts";
import { writeCsv } from "../../src/demo/csv.ts";
import { type BenchService, startBenchService } from "../lib/service.ts";
import type { Target } from "../lib/target.ts";
import { trips } from "./bodies.ts";
import { importFile, inboxOf } from "./import-file.ts";

/** What the parts of the bench share: a service on the target, its tables, and a file of all trips. */
export interface IngestBench {
  target: Target;
  trips: number;
  service: BenchService;
  sql: Sql;
  /** Empties all that requests fill. */
  reset(): Promise<void>;
  /** How many trips are stored. */
  count(): Promise<number>;
  /** Imports the file of all trips; gives the seconds. */
  importAll(): Promise<number>;
  /** Replaces the service by a new process. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

const TABLES = ["trips", "batches", "rejected_rows", "batch_chunks", "payload_parts", "imports", "idempotency_keys"];
const GEO = join(import.meta.dirname, "../../geo");

/**
 * Starts the service on a target, with the regions of the trips defined.
 *
 * @throws RangeError if its database holds trips, since a bench empties the table
 */
export async function openIngestBench(target: Target, count: number, profile?: string): Promise<IngestBench> {
  const start = () => startBenchService(target.env, profile);
  const connect = () => createClient({ url: target.url }, { max: 1 });
  const csv = join(target.folder, "trips.csv");
  const bench: IngestBench = {
    target,
    trips: count,
    service: await start(),
    sql: connect(),
    reset: async () => {
      await bench.sql.unsafe(`truncate ${TABLES.map((name) => `tripgrid.${name}`).join(", ")} cascade`);
      // Data of one round must not be written to disk during the next.
      await bench.sql.unsafe("checkpoint");
    },
    count: async () => (await bench.sql<{ count: number }[]>`select count(*) from tripgrid.trips`)[0]?.count ?? 0,
    importAll: () => importFile(bench.service.url, inboxOf(target.env), csv, count),
    restart: async () => {
      await bench.stop();
      bench.service = await start();
      bench.sql = connect();
    },
    stop: async () => {
      await bench.sql.end({ timeout: 5 });
      await bench.service.stop();
    },
  };
  if ((await bench.count()) > 0) {
    await bench.stop();
    throw new RangeError("The database of DATABASE_URL holds trips, and a bench empties their table: give it another.");
  }
  await putRegions(bench.service.url);
  await writeCsv(csv, trips(count));
  return bench;
}

/** Their time zones are part of the work on each trip. */
async function putRegions(url: string): Promise<void> {
  for (const name of await readdir(GEO)) {
    if (!name.endsWith(".geojson")) continue;
    const body = await readFile(join(GEO, name), "utf8");
    const { properties } = JSON.parse(body) as { properties: { name: string; time_zone: string } };
    const query = new URLSearchParams({ time_zone: properties.time_zone });
    const reply = await fetch(`${url}/v1/regions/${properties.name}?${query}`, { method: "PUT", body });
    if (!reply.ok) throw new Error(`The region ${properties.name} was refused: ${await reply.text()}`);
  }
}
