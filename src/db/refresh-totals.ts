import type { Sql } from "./client.ts";
import type { Engine } from "./engine.ts";
import { asRefresher } from "./refresh-rollups.ts";

/** They are at least so old before they are made anew, and so many times as old as that took. */
const AGE_S = 60;
const REST = 20;

/**
 * Brings the totals over all weeks up to date, which BI tools sample, if the rollups have changed since and the totals are old enough, or
 * another minimum of trips holds.
 *
 * @param session as for `refreshRollups`
 * @param atOnce however old they are
 * @returns how many seconds it took; undefined if there was nothing to do, or another process is at the rollups
 */
export async function refreshTotals(session: Sql, engine: Engine, atOnce = false): Promise<number | undefined> {
  return asRefresher(session, engine, async () => {
    const [due] = await session`
      select 1 from tripgrid.totals_state t, tripgrid.settings s
      where t.min_trips <> s.min_trips
        or t.is_behind and (${atOnce} or t.updated_at < now() - greatest(${AGE_S}, ${REST} * t.took_s) * interval '1 second')`;
    if (!due) return undefined;
    const [done] = await session<{ took_s: number }[]>`select tripgrid.refresh_totals() as took_s`;
    return done?.took_s;
  });
}
