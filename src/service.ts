import { readFileSync } from "node:fs";
import type { ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { serve } from "@hono/node-server";
import { Kysely } from "kysely";
import { PostgresJSDialect } from "kysely-postgres-js";
import type { Logger } from "pino";
import type { Config } from "./config.ts";
import { type Address, createClient, type Sql } from "./db/client.ts";
import { countTrips } from "./db/count-trips.ts";
import { type EmbeddedEngine, startEmbedded } from "./db/embedded.ts";
import type { KnownPartitions } from "./db/ensure-partitions.ts";
import { findBatch } from "./db/find-batch.ts";
import { findTrips } from "./db/find-trips.ts";
import { listTrips } from "./db/list-trips.ts";
import { loadTrips } from "./db/load-trips.ts";
import { ping } from "./db/ping.ts";
import { type Prepared, prepareDatabase } from "./db/prepare.ts";
import { deleteRegion, findRegion, listRegions, putRegion } from "./db/regions.ts";
import type { DB } from "./db/schema.ts";
import { weeklyAverages } from "./db/weekly-averages.ts";
import { weeklyAveragesByRegion } from "./db/weekly-averages-by-region.ts";
import { StartError } from "./errors.ts";
import { type AppDeps, createApp } from "./http/app.ts";
import { createIngest } from "./ingest/ingest.ts";

export interface Service {
  /** Where it listens, without a slash at the end. */
  url: string;
  /** Where its SQL is reached. */
  address: Address;
  prepared: Prepared;
  deps: AppDeps & { loadTrips: ReturnType<typeof depsFrom>["loadTrips"] };
  /** Finishes the requests under way, then closes the database. */
  stop(): Promise<void>;
}

/**
 * Starts everything in order: engine, migrations, app, listening.
 *
 * @param onCrash called if the embedded engine ends by itself: nothing can be done without it
 * @throws StartError with one sentence for whoever started the service
 */
export async function startService(config: Config, log: Logger, onCrash: (error: Error) => void): Promise<Service> {
  const embedded =
    config.databaseUrl === undefined ? await startEmbedded(config.dataFolder, config.sqlPort, onCrash) : undefined;
  const address: Address = embedded ?? { url: config.databaseUrl ?? "" };
  let sql: Sql | undefined;
  try {
    const prepared = await prepareDatabase(address, config.timeZone ?? "UTC");
    report(prepared, config, log);
    sql = await openPool(address, prepared, embedded ? 1 : config.poolSize);
    const deps = depsFrom(sql, config, log);
    const { server, url } = await listen(createApp(deps), config);
    const pool = sql;
    return { url, address, prepared, deps, stop: () => stop(server, pool, embedded) };
  } catch (error) {
    await sql?.end();
    await embedded?.stop();
    throw error;
  }
}

function report(prepared: Prepared, config: Config, log: Logger): void {
  const { engine, timeZone, migrated, functionsReplaced } = prepared;
  log.info(
    { engine, time_zone: timeZone, migrations: migrated.length, functions_replaced: functionsReplaced },
    "database is up to date",
  );
  if (config.timeZone !== undefined && config.timeZone !== timeZone) {
    log.warn(`TRIPGRID_TIME_ZONE is ${config.timeZone}, but the database keeps ${timeZone}, with which it was set up`);
  }
}

/** The embedded engine has one session for all, so one connection: it ignores start-up settings, hence the statements. */
async function openPool(address: Address, { searchPath }: Prepared, max: number): Promise<Sql> {
  // A question that takes longer holds a connection that others wait for.
  const sql = createClient(address, { max, searchPath, statementTimeoutMs: 60_000 });
  if ("socketFolder" in address) {
    await sql`select set_config('search_path', ${searchPath}, false), set_config('TimeZone', 'UTC', false)`;
  }
  return sql;
}

function depsFrom(sql: Sql, config: Config, log: Logger) {
  const db = new Kysely<DB>({ dialect: new PostgresJSDialect({ postgres: sql }) }).withSchema("tripgrid");
  const partitions: KnownPartitions = new Set();
  const load = (batch: Parameters<typeof loadTrips>[2]) => loadTrips(sql, partitions, batch);
  return {
    loadTrips: load,
    ingest: createIngest({ loadTrips: load, maxBodyBytes: config.maxBodyBytes, minTime: config.minTime }),
    findBatch: (id: string) => findBatch(sql, id),
    weeklyAverages: weeklyAverages.bind(null, sql),
    weeklyAveragesByRegion: weeklyAveragesByRegion.bind(null, sql),
    listTrips: listTrips.bind(null, db),
    findTrips: findTrips.bind(null, db),
    countTrips: countTrips.bind(null, db),
    putRegion: putRegion.bind(null, sql),
    findRegion: findRegion.bind(null, sql),
    listRegions: () => listRegions(sql),
    deleteRegion: deleteRegion.bind(null, sql),
    ping: () => ping(sql),
    logError: (error: unknown, { method, path }: { method: string; path: string }) =>
      log.error({ err: error, method, path }, "request failed"),
    version: (JSON.parse(readFileSync(join(import.meta.dirname, "../package.json"), "utf8")) as { version: string })
      .version,
  };
}

type Server = ReturnType<typeof serve>;

function listen(app: ReturnType<typeof createApp>, { port, host }: Config): Promise<{ server: Server; url: string }> {
  return new Promise((resolve, reject) => {
    const server = serve({ fetch: app.fetch, port, hostname: host }, (info: AddressInfo) => {
      resolve({ server, url: `http://${info.family === "IPv6" ? `[${info.address}]` : info.address}:${info.port}` });
    });
    server.once("error", (error) =>
      reject(new StartError(`The service cannot listen on ${host}:${port}: ${error.message}.`)),
    );
  });
}

async function stop(server: Server, sql: Sql, embedded: EmbeddedEngine | undefined): Promise<void> {
  await new Promise<void>((resolve) => {
    // A client that keeps its connection and goes on asking would keep us waiting for as long as it likes.
    server.prependListener("request", (_request: unknown, response: ServerResponse) => {
      response.shouldKeepAlive = false;
    });
    const closeIdle = setInterval(() => "closeIdleConnections" in server && server.closeIdleConnections(), 50);
    server.close(() => {
      clearInterval(closeIdle);
      resolve();
    });
  });
  await sql.end({ timeout: 5 });
  await embedded?.stop();
}
