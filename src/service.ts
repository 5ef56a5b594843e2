import { readFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { serve } from "@hono/node-server";
import { Kysely } from "kysely";
import { PostgresJSDialect } from "kysely-postgres-js";
import { type ScheduledTask, schedule } from "node-cron";
import type { Logger } from "pino";
import type { LoadTrips } from "./batch.ts";
import { callbackUrl } from "./callback.ts";
import type { Config } from "./config.ts";
import { findChanges, findStates, startChanges } from "./db/batch-changes.ts";
import { cancelTrip } from "./db/cancel-trip.ts";
import { type Address, createClient, type Sql } from "./db/client.ts";
import { learnClosed } from "./db/closed-weeks.ts";
import { clusters } from "./db/clusters.ts";
import { replaceTrip } from "./db/correct-trip.ts";
import { countTrips } from "./db/count-trips.ts";
import { type EmbeddedEngine, startEmbedded } from "./db/embedded.ts";
import { findBatch } from "./db/find-batch.ts";
import { findTrips } from "./db/find-trips.ts";
import { listTrips } from "./db/list-trips.ts";
import { deleteMapping, findMapping, listMappings, putMapping } from "./db/mappings.ts";
import { findBatchToMend, storeMended } from "./db/mend-rejects.ts";
import { ping } from "./db/ping.ts";
import { type Prepared, prepareDatabase } from "./db/prepare.ts";
import { setPrivacy } from "./db/privacy.ts";
import { explainQuery, runQuery } from "./db/query.ts";
import { deleteRegion, findRegion, listRegions, putRegion } from "./db/regions.ts";
import { findRejectedRecords, findRejects } from "./db/rejected-rows.ts";
import { deleteQuery, findQuery, listQueries, putQuery } from "./db/saved-queries.ts";
import type { DB } from "./db/schema.ts";
import { tidy } from "./db/tidy.ts";
import { weeklyAverages } from "./db/weekly-averages.ts";
import { weeklyAveragesByRegion } from "./db/weekly-averages-by-region.ts";
import { StartError } from "./errors.ts";
import { createFollower, type Follower } from "./follow/follow-batches.ts";
import { type AppDeps, createApp } from "./http/app.ts";
import { endIfIdle } from "./http/idle-bodies.ts";
import type { ImportFile } from "./imports.ts";
import { createCorrectTrip } from "./ingest/correct-trip.ts";
import { withBuiltIn } from "./ingest/mappings/built-in.ts";
import { createMendRejects } from "./ingest/mend-rejects.ts";
import { createMetrics } from "./metrics.ts";
import { type BiParts, wireBi } from "./wire-bi.ts";
import { type Deliverer, wireCallbacks } from "./wire-callbacks.ts";
import { type IngestParts, wireIngest } from "./wire-ingest.ts";
import { type RollupParts, wireRollups } from "./wire-rollups.ts";

export interface Service {
  /** Where it listens, without a slash at the end. */
  url: string;
  /** Where its SQL is reached. */
  address: Address;
  prepared: Prepared;
  deps: AppDeps & { loadTrips: LoadTrips; importFile: ImportFile };
  /** Finishes the requests under way, then closes the database. */
  stop(): Promise<void>;
}

/**
 * Starts everything in order: engine, migrations, app, listening.
 *
 * @param onCrash called if the embedded engine ends by itself: nothing can be done without it
 * @param watchInbox whether files that appear in the inbox are imported by themselves
 * @throws StartError with one sentence for whoever started the service
 */
export async function startService(
  config: Config,
  log: Logger,
  onCrash: (error: Error) => void,
  watchInbox = true,
): Promise<Service> {
  const embedded =
    config.databaseUrl === undefined ? await startEmbedded(config.dataFolder, config.sqlPort, onCrash) : undefined;
  const address: Address = embedded ?? { url: config.databaseUrl ?? "" };
  let sql: Sql | undefined;
  let parts: IngestParts | undefined;
  let rollups: RollupParts | undefined;
  let bi: BiParts | undefined;
  try {
    const prepared = await prepareDatabase(address, config.timeZone ?? "UTC");
    report(prepared, config, log);
    sql = await openPool(address, prepared, embedded ? 1 : config.poolSize);
    const pool = sql;
    await setPrivacy(pool, config);
    bi = await wireBi(pool, prepared.engine, config, log);
    const follower = createFollower({
      startChanges: startChanges.bind(null, pool),
      findChanges: findChanges.bind(null, pool),
      findStates: findStates.bind(null, pool),
      onError: (error) => log.warn({ err: error }, "changes of batches could not be looked for"),
    });
    const deliverer = wireCallbacks(pool, config, log);
    const onChange = () => {
      follower.nudge();
      deliverer?.nudge();
    };
    rollups = wireRollups(pool, address, prepared, config, log);
    parts = wireIngest(pool, address, config, log, onChange, watchInbox);
    // So that a row of a closed week meets the same verdict whichever process it comes to.
    await learnClosed(pool, parts.store.memory);
    const deps = depsFrom(pool, parts, follower, rollups, config, log);
    const { server, url } = await listen(createApp(deps), config);
    deliverer?.start();
    const tidying = schedule(TIDY_AT, () => tidy(pool).catch((err) => log.warn({ err }, "could not tidy up")));
    const running = { server, follower, parts, deliverer, tidying, rollups, bi, sql: pool, embedded };
    return { url, address, prepared, deps, stop: () => stop(running) };
  } catch (error) {
    await parts?.stop();
    await rollups?.stop();
    await bi?.stop();
    await sql?.end();
    await embedded?.stop();
    throw error;
  }
}

/** Once an hour, at a minute at which little else is done. */
const TIDY_AT = "17 * * * *";

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

function depsFrom(sql: Sql, parts: IngestParts, follower: Follower, rollups: RollupParts, config: Config, log: Logger) {
  const mappings = withBuiltIn({
    putMapping: (mapping) => putMapping(sql, mapping).finally(parts.forgetMappings),
    findMapping: findMapping.bind(null, sql),
    listMappings: listMappings.bind(null, sql),
    deleteMapping: (name) => deleteMapping(sql, name).finally(parts.forgetMappings),
  });
  const db = new Kysely<DB>({ dialect: new PostgresJSDialect({ postgres: sql }) }).withSchema("tripgrid");
  return {
    loadTrips: parts.loadTrips,
    ingest: parts.ingest,
    checkCallback: (url: string) =>
      callbackUrl(url, config.callbackSecret === undefined ? undefined : { allowPrivate: config.callbackAllowPrivate }),
    rateLimits: parts.admission.limits,
    showTrips: config.showTrips,
    findBatch: (id: string) => findBatch(sql, id),
    findRejects: findRejects.bind(null, sql),
    mendRejects: createMendRejects({
      findBatch: findBatchToMend.bind(null, sql),
      findRecords: findRejectedRecords.bind(null, sql),
      findMapping: mappings.findMapping,
      storeMended: async (mended) => {
        const receipt = await storeMended(parts.store, mended);
        follower.nudge();
        return receipt;
      },
      admission: parts.admission,
      maxBodyBytes: Math.min(config.maxBodyBytes, config.inflightBytes),
      minTime: config.minTime,
    }),
    importPath: parts.imports.importPath,
    uploadImport: parts.imports.uploadImport,
    importFile: parts.imports.importFile,
    listImports: parts.imports.listImports,
    findImport: parts.imports.findImport,
    followBatch: follower.followBatch,
    followBatches: follower.followBatches,
    ...mappings,
    weeklyAverages: weeklyAverages.bind(null, sql),
    weeklyAveragesByRegion: weeklyAveragesByRegion.bind(null, sql),
    clusters: clusters.bind(null, sql),
    listTrips: listTrips.bind(null, db),
    findTrips: findTrips.bind(null, db),
    correctTrip: createCorrectTrip({ replaceTrip: replaceTrip.bind(null, parts.store, db), minTime: config.minTime }),
    cancelTrip: cancelTrip.bind(null, sql),
    countTrips: countTrips.bind(null, db),
    runQuery: runQuery.bind(null, db),
    explainQuery: explainQuery.bind(null, db),
    putQuery: putQuery.bind(null, sql),
    findQuery: findQuery.bind(null, sql),
    listQueries: () => listQueries(sql),
    deleteQuery: deleteQuery.bind(null, sql),
    putRegion: putRegion.bind(null, sql),
    findRegion: findRegion.bind(null, sql),
    listRegions: () => listRegions(sql),
    deleteRegion: deleteRegion.bind(null, sql),
    rollupStatus: rollups.status,
    refreshRollups: rollups.refresh,
    rebuildRollups: rollups.rebuild,
    metrics: createMetrics(rollups.status),
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
    // A file takes as long as it takes to send.
    const options = { fetch: app.fetch, port, hostname: host, serverOptions: { requestTimeout: 0 } };
    const server = serve(options, (info: AddressInfo) => {
      resolve({ server, url: `http://${info.family === "IPv6" ? `[${info.address}]` : info.address}:${info.port}` });
    });
    server.on("request", (request: IncomingMessage) => endIfIdle(request));
    server.once("error", (error) =>
      reject(new StartError(`The service cannot listen on ${host}:${port}: ${error.message}.`)),
    );
  });
}

/** How long requests under way may take when the service stops. A container is killed after 30 s, see docker-compose.yml. */
const LAST_REPLY_MS = 20_000;

interface Running {
  server: Server;
  follower: Follower;
  parts: IngestParts;
  deliverer: Deliverer | undefined;
  tidying: ScheduledTask;
  rollups: RollupParts;
  bi: BiParts | undefined;
  sql: Sql;
  embedded: EmbeddedEngine | undefined;
}

async function stop({
  server,
  follower,
  parts,
  deliverer,
  tidying,
  rollups,
  bi,
  sql,
  embedded,
}: Running): Promise<void> {
  // Streams of events have no end of their own, and the server waits for all it has begun.
  const following = follower.close();
  // A file that is still being sent could keep us waiting for hours; nothing of it was promised.
  await parts.imports.stop();
  await closeServer(server);
  await Promise.all([following, parts.stop(), deliverer?.stop(), tidying.destroy(), rollups.stop(), bi?.stop()]);
  await sql.end({ timeout: 5 });
  await embedded?.stop();
}

async function closeServer(server: Server): Promise<void> {
  await new Promise<void>((resolve) => {
    // A client that keeps its connection and goes on asking would keep us waiting for as long as it likes.
    server.prependListener("request", (_request: unknown, response: ServerResponse) => {
      response.shouldKeepAlive = false;
    });
    const closeIdle = setInterval(() => "closeIdleConnections" in server && server.closeIdleConnections(), 50);
    // Connections that were opened and never used count as busy.
    const closeAll = setTimeout(() => "closeAllConnections" in server && server.closeAllConnections(), LAST_REPLY_MS);
    server.close(() => {
      clearInterval(closeIdle);
      clearTimeout(closeAll);
      resolve();
    });
  });
}
