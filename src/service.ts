import { setTimeout as sleep } from "node:timers/promises";
import { type ScheduledTask, schedule } from "node-cron";
import type { Logger } from "pino";
import { type AlertParts, wireAlerts } from "./alerts/alerts.wiring.ts";
import { type AppDeps, createApp } from "./app.ts";
import { purgeAudit } from "./audit/audit.db.ts";
import { wireAudit } from "./audit/audit.wiring.ts";
import { type AuthParts, wireAuth } from "./auth/auth.wiring.ts";
import { purgeLogins } from "./auth/logins.db.ts";
import type { LoadTrips } from "./batches/batch.ts";
import { wireBatches } from "./batches/batches.wiring.ts";
import { purgeExpired } from "./batches/purge-expired.db.ts";
import { type BiParts, wireBi } from "./bi/bi.wiring.ts";
import { type BrokerParts, wireBroker, wireTopicTrips } from "./broker/broker.wiring.ts";
import { purgeOutbox } from "./broker/outbox.db.ts";
import { type Deliverer, wireCallbacks } from "./callbacks/callbacks.wiring.ts";
import { wireClusters } from "./clusters/clusters.wiring.ts";
import type { Config } from "./config.ts";
import { wireCorrections } from "./corrections/corrections.wiring.ts";
import type { Address } from "./database/client.ts";
import { type EmbeddedEngine, startEmbedded } from "./database/embedded.ts";
import { type Lanes, openLanes, setUpSession } from "./database/lanes.ts";
import { type Prepared, prepareDatabase } from "./database/prepare.ts";
import { reportPrepared } from "./database/report-prepared.wiring.ts";
import { wireDetections } from "./detections/detections.wiring.ts";
import { type Listening, listen } from "./edge/listen.http.ts";
import { wireEvents } from "./events/events.wiring.ts";
import type { Follower } from "./events/follow-batches.ts";
import { wireExplorer } from "./explorer/explorer.wiring.ts";
import { wireExport } from "./export/export.wiring.ts";
import type { ImportFile } from "./imports/imports.ts";
import { type ImportParts, wireImports, wireInbox } from "./imports/imports.wiring.ts";
import { type IngestParts, wireIngest } from "./ingest/ingest.wiring.ts";
import { canJudge } from "./ingest/sent-file.ts";
import { VERSION } from "./kit/project.ts";
import { setTracing } from "./kit/tracing.ts";
import { wireLookups } from "./lookups/lookups.wiring.ts";
import { wireMappings } from "./mappings/mappings.wiring.ts";
import { listenForScrapes } from "./monitoring/metrics.http.ts";
import { wireMonitoring } from "./monitoring/monitoring.wiring.ts";
import { startTelemetry } from "./monitoring/telemetry.ts";
import { wireOgc } from "./ogc/ogc.wiring.ts";
import { wireQueries } from "./queries/queries.wiring.ts";
import { wireRegions } from "./regions/regions.wiring.ts";
import { type RollupParts, wireRollups } from "./rollups/rollups.wiring.ts";
import { loadClosedBefore } from "./storage/closed-weeks.db.ts";
import { settlePlaces } from "./storage/settle-places.db.ts";
import { wireSuggestions } from "./suggestions/suggestions.wiring.ts";
import { wireTiles } from "./tiles/tiles.wiring.ts";
import { wireTrips } from "./trips/trips.wiring.ts";
import { setPrivacy } from "./weekly-averages/suppression.db.ts";
import { wireWeeklyAverages } from "./weekly-averages/weekly-averages.wiring.ts";
import { INTERVALS, type Intervals, openWiring } from "./wiring.ts";

/** Log message for requests that delay a stop until their connections are closed. */
export const CUT = "connections were closed: their requests had not ended in time";

export interface Service {
  /** The URL that it listens on, without a slash at the end. */
  url: string;
  /** The address of its database. */
  address: Address;
  prepared: Prepared;
  /** A key with all scopes that only this process knows, and the check of credentials. */
  ownKey: string;
  authenticate: AuthParts["authenticator"]["authenticate"];
  /** Records that the process ends by its own fault. */
  leaveLastWords(): void;
  deps: AppDeps & { loadTrips: LoadTrips; importFile: ImportFile };
  /** Finishes the requests under way, then closes the database. */
  stop(): Promise<void>;
}

/**
 * Starts everything in order: engine, migrations, app, listening.
 *
 * @param onCrash called if the embedded engine ends by itself; the service cannot work without it
 * @param intervals how often it looks for work; those that are not given are as usual
 * @throws StartError with one sentence for the operator
 */
export async function startService(
  config: Config,
  log: Logger,
  onCrash: (error: Error) => void,
  intervals: Partial<Intervals> = {},
): Promise<Service> {
  const tracing = config.traces ? await startTelemetry(VERSION) : undefined;
  setTracing(tracing);
  const embedded =
    config.databaseUrl === undefined ? await startEmbedded(config.dataFolder, config.sqlPort, onCrash) : undefined;
  const address: Address = embedded ?? { url: config.databaseUrl ?? "" };
  let lanes: Lanes | undefined;
  let parts: IngestParts | undefined;
  let imports: ImportParts | undefined;
  const writers: { stop: () => Promise<void> }[] = [];
  let rollups: RollupParts | undefined;
  let bi: BiParts | undefined;
  let broker: BrokerParts | undefined;
  let closeMetrics = async () => {};
  try {
    const prepared = await prepareDatabase(address, config.timeZone);
    reportPrepared(prepared, config, log);
    lanes = openLanes(address, prepared.searchPath, config);
    const pool = lanes.ingest.sql;
    if (embedded) await setUpSession(pool, prepared.searchPath);
    await setPrivacy(pool, config);
    const wiring = openWiring(config, lanes, log, { ...INTERVALS, ...intervals });
    const auth = await wireAuth(wiring);
    writers.push(auth.authenticator);
    bi = await wireBi(wiring, prepared.engine);
    const follower = wireEvents(wiring);
    const deliverer = wireCallbacks(wiring);
    let alerts: AlertParts | undefined;
    const onChange = () => {
      for (const one of [follower, deliverer, alerts]) one?.trigger();
    };
    rollups = wireRollups(wiring, address, prepared);
    const mappings = wireMappings(wiring);
    const lookups = wireLookups(wiring);
    const inbox = wireInbox(wiring);
    const [{ customMappings }, { lookupsFor }] = [mappings, lookups];
    parts = wireIngest(wiring, {
      ...{ address, customMappings, lookupsFor, onChange },
      canJudge: (request) => canJudge(request, inbox.id),
    });
    imports = wireImports(wiring, inbox, { customMappings, onQueued: parts.onQueued });
    // Every process must give the same verdict on a row of a closed week.
    await loadClosedBefore(pool, parts.store.memory);
    await settlePlaces(pool, parts.store.memory, (warning) => log.warn(warning));
    const { loadTrips, store, admission } = parts;
    const regions = wireRegions(wiring, store);
    const corrections = wireCorrections(wiring, {
      ...{ store, admission, onChange, lookupsFor },
      findMapping: mappings.calls.findMapping,
    });
    const detections = wireDetections(wiring, { ...parts, engine: prepared.engine, onChange });
    writers.push(regions, corrections, detections);
    broker = await wireBroker(wiring);
    alerts = await wireAlerts(wiring, broker.publisher);
    writers.push(alerts);
    const topicTrips = wireTopicTrips(wiring, { ...parts, customMappings, lookupsFor, onChange });
    const monitoring = wireMonitoring(wiring, {
      rollupStatus: rollups.calls.rollupStatus,
      ...{ countPoison: parts.countPoison, queueStatus: parts.queueStatus },
      ...{ followers: follower.followers, broker },
    });
    // Only what the endpoints need: the connections and the settings stay here.
    const { room, answers, logError, clientRates } = wiring;
    const deps = {
      ...{ limits: config, exercises: config.exercises },
      bodies: { ...config, room, maxBytes: config.maxQuestionBytes, checkQuestion: lanes.questions.check },
      version: VERSION,
      ...{ loadTrips, room, answers, logError, clientRates },
      ...parts.calls,
      ...wireBatches(wiring),
      ...follower,
      ...{ ...corrections.calls, ...imports.calls, ...mappings.calls, ...lookups.calls },
      ...wireSuggestions(lookupsFor),
      ...wireWeeklyAverages(wiring),
      ...wireClusters(wiring),
      ...rollups.calls,
      ...{ ...wireTrips(wiring), ...wireQueries(wiring) },
      ...{ ...regions.calls, ...detections.calls, ...alerts.calls },
      ...{ ...wireAudit(wiring), ...auth.calls },
      ...monitoring.calls,
      ...{ ...wireOgc(wiring), ...wireTiles(wiring), ...wireExport(wiring), ...wireExplorer(wiring) },
    };
    closeMetrics = await listenForScrapes(config, monitoring.metrics);
    const server = await listen(createApp(deps).fetch, {
      ...config,
      ...{ rateLimits: deps.rateLimits, clientRates },
      counts: monitoring.counts,
      logError: deps.logError,
      onCut: (connections) => log.warn({ connections }, CUT),
    });
    deliverer?.start();
    broker.consume(topicTrips);
    broker.consume(detections.topic);
    const purges = [purgeExpired, purgeAudit, purgeOutbox, purgeLogins, detections.tidy, alerts.tidy];
    const onUnpurged = (err: unknown) => log.warn({ err }, "what has expired could not be purged");
    const tidying = schedule(TIDY_AT, () => Promise.all(purges.map((purge) => purge(pool))).catch(onUnpurged));
    const running = {
      ...{ server, follower, alerts, parts, imports, deliverer, tidying },
      ...{ rollups, bi, broker, lanes, embedded, closeMetrics, writers },
      drain: async () => {
        monitoring.stopping();
        server.drain();
        await sleep(config.drainMs);
      },
    };
    return {
      ...{ url: server.url, address, prepared, deps },
      ...{ ownKey: auth.authenticator.ownKey, authenticate: auth.authenticator.authenticate },
      leaveLastWords: parts.lastWords.leave,
      stop: async () => {
        await stop(running);
        await tracing?.stop().catch((err) => log.warn({ err }, "the last traces could not be sent"));
      },
    };
  } catch (error) {
    await closeMetrics();
    await broker?.stop();
    await imports?.stop();
    await Promise.all(writers.map((one) => one.stop()));
    await parts?.stop();
    await rollups?.stop();
    await bi?.stop();
    await lanes?.end({ timeout: 5 });
    await embedded?.stop();
    throw error;
  }
}

/** Once an hour, at a minute when little other work runs. */
const TIDY_AT = "17 * * * *";

interface Running {
  /** Takes requests as long as proxies may need to see that the process is not ready. */
  drain: () => Promise<void>;
  closeMetrics: () => Promise<void>;
  server: Listening;
  follower: Follower;
  alerts: AlertParts;
  parts: IngestParts;
  imports: ImportParts;
  writers: { stop: () => Promise<void> }[];
  deliverer: Deliverer | undefined;
  tidying: ScheduledTask;
  rollups: RollupParts;
  bi: BiParts | undefined;
  broker: BrokerParts;
  lanes: Lanes;
  embedded: EmbeddedEngine | undefined;
}

async function stop(running: Running): Promise<void> {
  await running.drain();
  // Event streams never end by themselves, and the server waits for every reply that it has begun.
  const following = Promise.all([running.follower.close(), running.alerts.close()]);
  await running.broker.stop();
  // A file that is still being sent could delay the stop for hours. No part of it was acknowledged.
  await running.imports.stop();
  await running.server.close();
  const { parts, deliverer, tidying, rollups, bi } = running;
  await Promise.all(running.writers.map((one) => one.stop()));
  await Promise.all([following, parts.stop(), deliverer?.stop(), tidying.destroy(), rollups.stop(), bi?.stop()]);
  await running.closeMetrics();
  await running.lanes.end({ timeout: 5 });
  await running.embedded?.stop();
}
