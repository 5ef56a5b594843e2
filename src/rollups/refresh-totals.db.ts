import type { Sql } from "../database/client.ts";
import type { Engine } from "../database/engine.ts";
import { withRefreshLock } from "./refresh-rollups.db.ts";

/**
 * The totals are not refreshed before they are `AGE_S` seconds old, and `REST` times as old as the last refresh took.
 */
const AGE_S = 60;
const REST = 20;

/**
 * Refreshes the totals over all weeks, which BI tools sample, if the rollups have changed and the totals are old
 * enough, or if the minimum of trips has changed.
 *
 * @param session as for `refreshRollups`
 * @param atOnce refreshes the totals regardless of their age
 * @returns the duration in seconds. Undefined: nothing had changed, or another process holds the refresh lock
 */
export async function refreshTotals(session: Sql, engine: Engine, atOnce = false): Promise<number | undefined> {
  return withRefreshLock(session, engine, async () => {
    const [due] = await session`
      select 1 from tripgrid_internal.totals_state t, tripgrid.settings s
      where t.min_trips <> s.min_trips
        or t.is_behind and (${atOnce} or t.updated_at < now() - greatest(${AGE_S}, ${REST} * t.took_s) * interval '1 second')`;
    if (!due) return undefined;
    const [done] = await session<{ took_s: number }[]>`select tripgrid_internal.refresh_totals() as took_s`;
    return done?.took_s;
  });
}
