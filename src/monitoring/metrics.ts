import { setTimeout as sleep } from "node:timers/promises";
import { collectDefaultMetrics, Gauge, Registry } from "prom-client";
import type { Room } from "../kit/room.ts";
import type { RollupsStatus } from "../rollups/rollups.ts";
import { type BrokerSources, watchBroker } from "./broker-metrics.ts";
import { createIngestMetrics } from "./ingest-metrics.ts";
import { type PoolStats, watchEventLoop, watchPools, watchRoom } from "./process-metrics.ts";
import { countRequests } from "./request-metrics.ts";

/** The time limit for the database. Figures that arrive later are left out. */
const PATIENCE_MS = 2000;
/** The size of the database is asked for this often. */
const SIZE_EVERY_MS = 60_000;

/** Where figures come from that this process does not count by itself. */
export interface MetricSources {
  rollupStatus?: RollupsStatus;
  /** Gives the memory that is held for clients. */
  room?: Room;
  /** Gives for each connection pool the number of open and busy connections, and of calls that wait for one. */
  pools?: () => PoolStats;
  /** The batches of all processes that are acknowledged and not finished. */
  queueStatus?: () => Promise<{ queued: number; running: number; oldest_seconds: number }>;
  /** Counts the batches that are set aside because they ended processes. */
  countPoison?: () => Promise<number>;
  /** Counts the weeks that are no longer refreshed because that ended processes. */
  countSetAside?: () => Promise<number>;
  /** Bytes of the database on disk. */
  databaseSize?: () => Promise<number>;
  /** The followers of events in this process. */
  followers?: () => { one_batch: number; all_batches: number };
  /** What is read from a message broker and published to it. */
  broker?: BrokerSources;
}

export type Metrics = ReturnType<typeof createMetrics>;

/**
 * Begins to count. What others know is added by `watch`: until then these figures are missing. While the database does
 * not answer, its figures are left out, so the figures of the process are always available.
 */
export function createMetrics() {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const readDelay = watchEventLoop(registers);
  let figures = async () => {};
  return {
    requests: countRequests(registers),
    ingest: createIngestMetrics(registers),
    contentType: registry.contentType,
    watch: (sources: MetricSources) => {
      if (sources.room) watchRoom(registers, sources.room);
      if (sources.pools) watchPools(registers, sources.pools);
      if (sources.followers) watchFollowers(registers, sources.followers);
      figures = databaseFigures(registers, sources);
    },
    read: async () => {
      readDelay();
      await figures();
      return registry.metrics();
    },
  };
}

/** @returns a function that asks the database for its figures */
function databaseFigures(registers: Registry[], sources: MetricSources): () => Promise<void> {
  const gauge = (name: string, help: string, labelNames: string[] = []) =>
    new Gauge({ name, help, labelNames, registers });
  const lag = gauge("tripgrid_rollup_lag_seconds", "Age of the oldest write that the rollups have not taken up");
  const weeks = gauge("tripgrid_rollup_weeks_behind", "Weeks that are answered from the trips until they are taken up");
  const trips = gauge("tripgrid_rollup_trips_behind", "Trips that came or went in these weeks since, at most");
  const aside = gauge("tripgrid_rollup_weeks_set_aside", "Weeks that are not refreshed since that ended processes");
  const poison = gauge("tripgrid_poison_batches", "Batches that are set aside since they ended processes");
  const queue = gauge("tripgrid_queue_batches", "Batches of all processes that are not finished", ["state"]);
  const oldest = gauge("tripgrid_queue_oldest_seconds", "Age of the oldest batch that is not finished");
  const size = gauge("tripgrid_database_bytes", "Size of the database on disk");
  const readOutbox = sources.broker && watchBroker(registers, sources.broker);
  const databaseSize = atMostEvery(SIZE_EVERY_MS, sources.databaseSize);
  return async () => {
    for (const each of [lag, weeks, trips, aside, poison, oldest, size]) each.remove();
    queue.reset();
    const within = <T>(figure: Promise<T> | undefined) =>
      Promise.race([figure?.catch(() => undefined), sleep(PATIENCE_MS, undefined, { ref: false })]);
    const [status, setAside, batches, queued, bytes] = await Promise.all([
      within(sources.rollupStatus?.()),
      within(sources.countSetAside?.()),
      within(sources.countPoison?.()),
      within(sources.queueStatus?.()),
      within(databaseSize()),
      within(readOutbox?.()),
    ]);
    if (status) {
      lag.set(status.lag_seconds);
      weeks.set(status.weeks_behind);
      trips.set(status.trips_behind);
    }
    if (setAside !== undefined) aside.set(setAside);
    if (batches !== undefined) poison.set(batches);
    if (queued) {
      queue.set({ state: "queued" }, queued.queued);
      queue.set({ state: "running" }, queued.running);
      oldest.set(queued.oldest_seconds);
    }
    if (bytes !== undefined) size.set(bytes);
  };
}

/** Keeps a figure for some time. A failure is not kept. */
function atMostEvery<T>(ms: number, ask: (() => Promise<T>) | undefined): () => Promise<T | undefined> {
  let kept: { at: number; value: T } | undefined;
  return async () => {
    const now = performance.now();
    if (!kept || now - kept.at > ms) kept = ask && { at: now, value: await ask() };
    return kept?.value;
  };
}

function watchFollowers(registers: Registry[], followers: NonNullable<MetricSources["followers"]>): void {
  new Gauge({
    name: "tripgrid_event_followers",
    help: "Clients that follow events in this process, by what they follow",
    labelNames: ["of"],
    registers,
    collect() {
      for (const [of, count] of Object.entries(followers())) this.set({ of }, count);
    },
  });
}
