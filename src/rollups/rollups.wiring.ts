import { type Address, createClient } from "../database/client.ts";
import type { Prepared } from "../database/prepare.ts";
import type { Wiring } from "../wiring.ts";
import { archiveWeeks } from "./archive-weeks.db.ts";
import { refreshCellProfiles } from "./cell-profiles.db.ts";
import { compressOldTrips } from "./compress-trips.db.ts";
import { forgetOwnAttempts } from "./refresh-attempts.db.ts";
import { refreshRollups } from "./refresh-rollups.db.ts";
import { refreshTotals } from "./refresh-totals.db.ts";
import { scheduleRollups } from "./rollup-scheduler.ts";
import { rebuildRollups, rollupStatus } from "./rollup-status.db.ts";
import type { RebuildRollups, RefreshRollups, RollupsStatus } from "./rollups.ts";

export interface RollupParts {
  calls: { rollupStatus: RollupsStatus; refreshRollups: RefreshRollups; rebuildRollups: RebuildRollups };
  stop(): Promise<void>;
}

/** The interval of the checks for trips that are older than the retention. Trips are retired four weeks at a time. */
const RETIRE_EVERY_MS = 3_600_000;
/** The embedded engine does nothing else while it refreshes the totals, so it does that once no more trips arrive. */
const QUIET_MS = 60_000;
/** The time limit of the rollups' status, which must be quick. */
const STATUS_MS = 4000;
/** The pause after a failure. Another session may use the trips for long, and a wait for it makes others wait. */
const AGAIN_MS = 60_000;

/**
 * Keeps the rollups of the service: refreshes them in the background, on a session of their own if the engine has
 * several. The same session retires weeks, since no other may refresh them meanwhile.
 */
export function wireRollups(
  { config, intervals, lanes, sql: promptSql, log }: Wiring,
  address: Address,
  { engine, searchPath }: Prepared,
): RollupParts {
  const { retentionWeeks, compressAfterWeeks } = config;
  const { sql } = lanes.background;
  const ownSession = () => (engine === "embedded" ? undefined : createClient(address, { max: 1, searchPath }));
  const [session, profiles] = [ownSession(), ownSession()];
  const age = async (signal: AbortSignal) => {
    const done = await archiveWeeks(session ?? sql, engine, retentionWeeks, { signal });
    if (done?.retired || done?.dropped) log.info(done, "old trips were retired");
    if (!done) return false;
    const moved = await compressOldTrips(session ?? sql, engine, compressAfterWeeks, signal);
    if (moved?.length) log.info({ chunks: moved }, "old trips were moved into the columnstore");
    return moved !== undefined;
  };
  const retire = everySoOften(RETIRE_EVERY_MS, age, (error) =>
    log.warn({ err: error }, "old trips could not be retired, or moved into the columnstore"),
  );
  let changedAt = performance.now();
  const isQuiet = () => engine !== "embedded" || performance.now() - changedAt > QUIET_MS;
  const keeper = scheduleRollups(
    async (signal) => {
      if (await refreshRollups(session ?? sql, engine, { signal })) changedAt = performance.now();
      await retire(signal);
      if (isQuiet() && !signal.aborted) await refreshTotals(session ?? sql, engine);
    },
    intervals.rollupsMs,
    (error) => log.warn({ err: error }, "the rollups could not be refreshed"),
  );
  // By a keeper of its own: after a long run the rollups are refreshed at once, and not after a rest.
  const profiler = scheduleRollups(
    async (signal) => {
      if (isQuiet()) await refreshCellProfiles(profiles ?? sql, engine, { signal });
    },
    intervals.rollupsMs,
    (error) => log.warn({ err: error }, "the profiles of cells could not be made"),
  );
  const status = rollupStatus.bind(null, lanes.figures.within(STATUS_MS));
  const refresh = () => {
    keeper.trigger();
    return status();
  };
  return {
    calls: {
      rollupStatus: status,
      refreshRollups: refresh,
      rebuildRollups: async () => {
        await rebuildRollups(promptSql);
        return refresh();
      },
    },
    stop: async () => {
      await Promise.all([keeper.stop(), profiler.stop()]);
      // An ordinary stop does not count as a death.
      await forgetOwnAttempts(promptSql).catch(() => {});
      await Promise.all([session?.end({ timeout: 1 }), profiles?.end({ timeout: 1 })]);
    },
  };
}

/** Runs `work` now, and after a success again once `ms` milliseconds have passed. A failure is retried in a minute. */
function everySoOften(ms: number, work: (signal: AbortSignal) => Promise<boolean>, onError: (error: unknown) => void) {
  let notBefore = 0;
  return async (signal: AbortSignal) => {
    if (performance.now() < notBefore) return;
    notBefore = performance.now() + AGAIN_MS;
    try {
      if (await work(signal)) notBefore = performance.now() + ms;
    } catch (error) {
      // This failure does not stop the refresh of the rollups.
      onError(error);
    }
  };
}
