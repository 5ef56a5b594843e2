import type { Sql } from "./client.ts";
import type { Engine } from "./engine.ts";
import { analyzeGrown, asRefresher, refreshPending } from "./refresh-rollups.ts";

/** Who waits for a lock on the trips makes others wait behind it: not longer than nobody notices. */
const LOCK_TIMEOUT = "200ms";

export interface Retired {
  /** Whether weeks were retired now. */
  retired: boolean;
  /** Partitions or chunks whose trips were dropped. */
  dropped: number;
}

export interface RetireOptions {
  /** Trips of weeks that were retired less long ago are not dropped: somebody may still be counting them. */
  dropAfter?: string;
  signal?: AbortSignal | undefined;
}

/**
 * Retires weeks whose trips are older than they are to be kept, and drops the trips of weeks that were retired an hour
 * ago. What was begun and broken off is gone on with the next time.
 *
 * @param session as for `refreshRollups`
 * @param keepWeeks for how many weeks trips are kept at least; none: no more weeks are retired
 * @returns what was done; undefined if another process is at the rollups
 * @throws an error 55P03 if somebody reads or writes trips for longer than may be waited for
 */
export async function retireWeeks(
  session: Sql,
  engine: Engine,
  keepWeeks: number | undefined,
  { dropAfter = "1 hour", signal }: RetireOptions = {},
): Promise<Retired | undefined> {
  return asRefresher(session, engine, async () => {
    if (keepWeeks !== undefined) {
      await session.begin(async (tx) => {
        await tx`select set_config('lock_timeout', ${LOCK_TIMEOUT}, true)`;
        await tx`select tripgrid.close_weeks(${keepWeeks})`;
      });
    }
    const [closed] = await session<{ waiting: boolean }[]>`
      select retired_before < closed_before as waiting from tripgrid.settings`;
    let retired = false;
    if (closed?.waiting) {
      // What was written before the weeks were closed.
      await refreshPending(session, engine, { signal });
      const [answer] = await session<{ retired: boolean }[]>`select tripgrid.retire_weeks() as retired`;
      retired = answer?.retired ?? false;
      if (retired) await analyzeGrown(session, engine);
    }
    // Most databases have none, and need no transaction for that.
    const [old] = await session`select 1 from tripgrid.settings where retired_at <= now() - ${dropAfter}::interval`;
    if (!old) return { retired, dropped: 0 };
    const dropped = await session.begin(async (tx) => {
      await tx`select set_config('lock_timeout', ${LOCK_TIMEOUT}, true)`;
      const [answer] = await tx<
        { dropped: number }[]
      >`select tripgrid.drop_retired_trips(${dropAfter}::interval) as dropped`;
      return answer?.dropped ?? 0;
    });
    return { retired, dropped: dropped as number };
  });
}
