import type { Sql } from "../database/client.ts";
import type { Engine } from "../database/engine.ts";
import { withRefreshLock } from "./refresh-rollups.db.ts";

/** Trips of four weeks. The index tells of fewer in 0.05 s, even if all of them are in one tile: 0.5 µs each. */
const MIN_TRIPS = 100_000;
/** Trips of a cell. A profile takes 1.5 µs to read; a trip takes 0.5 by the index alone, and 2.5 if its source is asked for. */
const MIN_MEAN = 4;
/** Profiles are made anew once no trip of their period has come or gone for `QUIET_S`, and for `REST` times as long as it takes. */
const QUIET_S = 600;
const REST = 20;
/** A period whose profiles cannot be made, or end the process, is tried no more often until its trips change. */
const MAX_ATTEMPTS = 3;

/** While the rollups are behind by more, refreshing them comes first. Weeks that were set aside do not count. */
const BEHIND_S = 30;

const KINDS = ["origin", "destination", "both"].flatMap((match) => [6, 7].map((size) => ({ match, size })));

export interface ProfileOptions {
  /** A period with fewer trips gets no profiles. */
  minTrips?: number;
  /**
   * A kind of profiles with fewer trips each, on average, is left out. Not those of both ends: without them every trip that
   * begins in a cell is read, and its other end compared.
   */
  minMean?: number;
  /** Does not wait until the period has been quiet, nor for the rollups. */
  atOnce?: boolean;
  signal?: AbortSignal | undefined;
}

/**
 * Makes the profiles of cells for one period whose trips have changed, the latest first. Nothing reads profiles of a
 * stale period, so they are made one kind after the other, each in a transaction of its own: the engine has time for
 * others in between. Meanwhile nobody refreshes the rollups.
 *
 * @param session as for `refreshRollups`
 * @returns the first Monday of the period. Undefined: none was due, or another process holds the refresh lock
 * @throws an error of the database. The period is tried again, later
 */
export async function refreshCellProfiles(
  session: Sql,
  engine: Engine,
  { minTrips = MIN_TRIPS, minMean = MIN_MEAN, atOnce = false, signal }: ProfileOptions = {},
): Promise<string | undefined> {
  await session`select tripgrid_internal.drop_retired_profiles()`;
  // Looked for without the lock: a refresh of the rollups that finds it taken waits for its next turn.
  const [found] = await session<{ period: string }[]>`
    select p.first_week::text as period from tripgrid_internal.profile_periods p, tripgrid.settings s
    where p.is_stale and p.attempts < ${MAX_ATTEMPTS} and p.first_week >= s.retired_before
      and (${atOnce} or (greatest(p.changed_at, p.tried_at) < now() - greatest(${QUIET_S}, ${REST} * p.took_s) * interval '1 second'
        and not exists (select from tripgrid_internal.pending_weeks w
                        where w.created_at < now() - ${BEHIND_S} * interval '1 second'
                          and not exists (select from tripgrid_internal.refresh_attempts a where a.week = w.week))))
      and not exists (select from tripgrid_internal.pending_weeks w where w.week >= p.first_week and w.week < p.first_week + 28)
    order by p.first_week desc limit 1`;
  if (!found) return undefined;
  const { period } = found;
  return withRefreshLock(session, engine, async () => {
    const [due] = await session<{ generation: string; trips: number }[]>`
      update tripgrid_internal.profile_periods p set attempts = p.attempts + 1, tried_at = now(), kinds = '{}'
      where p.first_week = ${period}::date and p.is_stale
      returning p.generation::text as generation,
        (select coalesce(sum(r.trips), 0)::bigint from tripgrid_internal.live_hourly_regions r
         where r.hour >= p.first_week and r.hour < p.first_week + 28) as trips`;
    if (!due) return undefined;
    const { generation, trips } = due;
    const started = performance.now();
    await session`delete from tripgrid_internal.cell_profiles where first_week = ${period}::date`;
    const kinds: string[] = [];
    for (const { match, size } of trips >= minTrips ? KINDS : []) {
      if (signal?.aborted) return undefined;
      const [made] = await session<{ profiles: number }[]>`
        select tripgrid_internal.build_cell_profiles(${period}::date, ${match}, ${size}::int, ${match === "both" ? 0 : minMean}::int) as profiles`;
      if (made?.profiles) kinds.push(`${match} ${size}`);
    }
    // Where trips have changed meanwhile the generation is another one, and the period stays stale.
    const took = (performance.now() - started) / 1000;
    await session`
      update tripgrid_internal.profile_periods set is_stale = false, attempts = 0, kinds = ${kinds}::text[], took_s = ${took}
      where first_week = ${period}::date and generation = ${generation}::bigint`;
    return period;
  });
}
