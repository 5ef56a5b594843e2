import type { Logger } from "pino";
import type { Config } from "./config.ts";
import { type Address, createClient, type Sql } from "./db/client.ts";
import { compressOldTrips } from "./db/compress-trips.ts";
import type { Prepared } from "./db/prepare.ts";
import { refreshRollups } from "./db/refresh-rollups.ts";
import { refreshTotals } from "./db/refresh-totals.ts";
import { retireWeeks } from "./db/retire-weeks.ts";
import { rebuildRollups, rollupStatus } from "./db/rollup-status.ts";
import { keepRollups } from "./keep-rollups.ts";
import type { RebuildRollups, RefreshRollups, RollupsStatus } from "./rollups.ts";

export interface RollupParts {
  status: RollupsStatus;
  refresh: RefreshRollups;
  rebuild: RebuildRollups;
  stop(): Promise<void>;
}

/** How often it is looked whether trips are older than they are to be kept; they go by four weeks. */
const RETIRE_EVERY_MS = 3_600_000;
/** The embedded engine does nothing else while it makes the totals, so it does that when no more trips come. */
const QUIET_MS = 60_000;
/** Somebody may read or write the trips for long, and whoever waits for that makes others wait. */
const AGAIN_MS = 60_000;

/**
 * The rollups as the service keeps them: refreshed in the background, on a session of their own where there can be one. The same
 * session retires weeks, since nobody may refresh them meanwhile.
 */
export function wireRollups(
  sql: Sql,
  address: Address,
  { engine, searchPath }: Prepared,
  { keepWeeks, columnstoreWeeks }: Pick<Config, "keepWeeks" | "columnstoreWeeks">,
  log: Logger,
): RollupParts {
  const session = engine === "embedded" ? undefined : createClient(address, { max: 1, searchPath });
  const age = async (signal: AbortSignal) => {
    const done = await retireWeeks(session ?? sql, engine, keepWeeks, { signal });
    if (done?.retired || done?.dropped) log.info(done, "old trips were retired");
    if (!done) return false;
    const moved = await compressOldTrips(session ?? sql, engine, columnstoreWeeks, signal);
    if (moved?.length) log.info({ chunks: moved }, "old trips were moved into the columnstore");
    return moved !== undefined;
  };
  const retire = everySoOften(RETIRE_EVERY_MS, age, (error) =>
    log.warn({ err: error }, "old trips could not be retired, or moved into the columnstore"),
  );
  let changedAt = performance.now();
  const keeper = keepRollups(
    async (signal) => {
      if (await refreshRollups(session ?? sql, engine, { signal })) changedAt = performance.now();
      await retire(signal);
      const isQuiet = engine !== "embedded" || performance.now() - changedAt > QUIET_MS;
      if (isQuiet && !signal.aborted) await refreshTotals(session ?? sql, engine);
    },
    (error) => log.warn({ err: error }, "the rollups could not be refreshed"),
  );
  const status = rollupStatus.bind(null, sql);
  const refresh = () => {
    keeper.nudge();
    return status();
  };
  return {
    status,
    refresh,
    rebuild: async () => {
      await rebuildRollups(sql);
      return refresh();
    },
    stop: async () => {
      await keeper.stop();
      await session?.end({ timeout: 1 });
    },
  };
}

/** Does something now and, once it was done, not again before so much time has passed; what failed is tried again in a minute. */
function everySoOften(ms: number, work: (signal: AbortSignal) => Promise<boolean>, onError: (error: unknown) => void) {
  let notBefore = 0;
  return async (signal: AbortSignal) => {
    if (performance.now() < notBefore) return;
    notBefore = performance.now() + AGAIN_MS;
    try {
      if (await work(signal)) notBefore = performance.now() + ms;
    } catch (error) {
      // Its own matter: the rollups are refreshed all the same.
      onError(error);
    }
  };
}
