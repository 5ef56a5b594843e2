import { type RawBuilder, sql } from "kysely";
import type { Sql } from "../database/client.ts";

/** The privacy rules of a database: it withholds groups of fewer trips, and it shows single trips only if allowed. */
export interface Privacy {
  minTrips: number;
  exposeTrips: boolean;
}

/**
 * Stores the privacy rules in the database, so that they apply to all its callers, by HTTP or by SQL. If several
 * services have different settings, the one that started last decides.
 */
export async function setPrivacy(client: Sql, { minTrips, exposeTrips }: Privacy): Promise<void> {
  await client`
    update tripgrid.settings set min_trips = ${minTrips}, shows_trips = ${exposeTrips}
    where min_trips <> ${minTrips} or shows_trips <> ${exposeTrips}`;
}

/**
 * Marks each group as withheld or not, by the rule of tripgrid_internal.suppressed. Groups of too few trips are withheld. If
 * these together have too few trips, the smallest other group is withheld too. If nothing can be withheld, the groups
 * are not sorted.
 */
export function judged(keys: readonly RawBuilder<unknown>[], columns: RawBuilder<unknown>): RawBuilder<unknown> {
  const isSmall = sql`trips > 0 and trips < s.min_trips`;
  const order = sql.join([sql`trips = 0`, sql`trips`, ...keys]);
  return sql`
    select ${columns}, false as is_suppressed from grouped where (select s.min_trips from tripgrid.settings s) = 1
    union all
    select ${columns}, is_small or (small between 1 and min_trips - 1 and size_rank = small_groups + 1) from (
      select grouped.*, s.min_trips, ${isSmall} as is_small, coalesce(sum(trips) filter (where ${isSmall}) over (), 0) as small,
             count(*) filter (where ${isSmall}) over () as small_groups, row_number() over (order by ${order}) as size_rank
      from grouped, tripgrid.settings s where s.min_trips > 1) sized`;
}
