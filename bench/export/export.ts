import { createWriteStream, openSync, readSync, statSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { ReadableStream } from "node:stream/web";
import { parseArgs } from "node:util";
import { parquetMetadataAsync } from "hyparquet";
import { openAreaDatabase } from "../areas/area-database.ts";
import { fill } from "../areas/area-fill.ts";
import { digits } from "../lib/figures.ts";
import { saveResult, versionsOf } from "../lib/save.ts";
import { startBenchService } from "../lib/service.ts";
import { openTarget } from "../lib/target.ts";

const FORMATS = ["geoparquet", "arrow", "csv", "ndjson", "geojson", "flatgeobuf"];

/** How fast are all trips exported in each format, and how much memory does the service take meanwhile? */
export async function run(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      ...{ engine: { type: "string" }, trips: { type: "string", default: "1000000" } },
      formats: { type: "string", default: FORMATS.join() },
      save: { type: "boolean", default: false },
    },
  });
  const trips = Number(values.trips);
  if (!Number.isSafeInteger(trips) || trips < 1000) throw new RangeError("--trips: expected a whole number from 1000");
  const print = (line: string) => process.stdout.write(`${line}\n`);
  const target = await openTarget(values.engine, process.env.DATABASE_URL || undefined);
  try {
    if (target.isEmbedded) throw new RangeError("--engine: expected postgres or timescaledb");
    const db = await openAreaDatabase(target);
    await fill(db, trips, print);
    const versions = await versionsOf(db.sql);
    const [stored] = await db.sql<{ count: number }[]>`select count(*) as count from tripgrid.trips`;
    await db.stop();
    const result: Record<string, number> = { trips: stored?.count ?? 0 };
    for (const format of FORMATS.filter((one) => values.formats.split(",").includes(one))) {
      // A service of its own for each, whose memory is that of the format.
      const service = await startBenchService(target.env, undefined);
      try {
        const file = join(target.folder, `trips.${format}`);
        const started = performance.now();
        const reply = await fetch(`${service.url}/v1/export/trips?format=${format}`);
        if (!reply.ok || !reply.body) throw new Error(`${format}: ${await reply.text()}`);
        await pipeline(Readable.fromWeb(reply.body as ReadableStream), createWriteStream(file));
        const seconds = (performance.now() - started) / 1000;
        const bytes = statSync(file).size;
        if (format === "geoparquet") checkCount(await metadataOf(file), stored?.count ?? 0);
        const rate = Math.round((stored?.count ?? 0) / seconds);
        const peakMb = service.peakMb();
        Object.assign(result, {
          [`${format}_s`]: digits(seconds, 3),
          [`${format}_trips_per_s`]: digits(rate, 3),
          [`${format}_peak_mb`]: peakMb,
          [`${format}_bytes_a_trip`]: Math.round(bytes / (stored?.count ?? 1)),
        });
        const cpu = digits(service.cpuSeconds(), 3);
        print(
          `${format}: ${digits(seconds, 3)} s, ${rate} trips/s, ${peakMb} MB at most, ${cpu} s of processor, ${bytes} bytes`,
        );
      } finally {
        await service.stop();
      }
    }
    if (values.save) print(`saved: ${saveResult(`export-${values.engine ?? "given"}-${trips}`, versions, result)}`);
  } finally {
    target.stop();
  }
}

const metadataOf = (file: string) => {
  const fd = openSync(file, "r");
  return parquetMetadataAsync({
    byteLength: statSync(file).size,
    slice: (start: number, end = statSync(file).size) => {
      const bytes = Buffer.alloc(end - start);
      readSync(fd, bytes, 0, bytes.length, start);
      return Uint8Array.from(bytes).buffer;
    },
  });
};

function checkCount({ num_rows }: { num_rows: bigint }, trips: number): void {
  if (Number(num_rows) !== trips) throw new Error(`The file has ${num_rows} trips of ${trips}.`);
}
