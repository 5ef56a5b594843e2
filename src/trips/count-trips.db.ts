import { type Kysely, type RawBuilder, sql } from "kysely";
import { translateErrors } from "../database/client.ts";
import type { CheckCost } from "../database/query-cost.ts";
import type { DB } from "../database/schema.ts";
import { judged } from "../weekly-averages/suppression.db.ts";
import { checkBoundary, tripFilters } from "./trip-filters.db.ts";
import type { CountBy, CountColumn, TripCounts, TripFilters } from "./trips.ts";

type Value = string | number | null;
type Judged = { trips: number; is_suppressed: boolean };

const COLUMNS: Record<CountColumn, RawBuilder<Value>> = {
  region: sql`region`,
  source: sql`source`,
  week: sql`to_char(local_time, 'IYYY"-W"IW')`,
  day: sql`local_time::date`,
  hour: sql`extract(hour from local_time)::int`,
  weekday: sql`extract(isodow from local_time)::int`,
  driver: sql`driver_id`,
  rider: sql`rider_id`,
  vehicle_model: sql`vehicle_model`,
};

const expression = (by: CountBy): RawBuilder<Value> =>
  "column" in by ? COLUMNS[by.column] : sql<Value>`attributes ->> ${by.attribute}`;

/**
 * Counts trips by one or two columns or attributes, largest counts first.
 *
 * @param check refuses a statement that would read too many rows
 */
export async function countTrips(
  db: Kysely<DB>,
  check: CheckCost,
  filters: TripFilters,
  by: CountBy[],
  limit: number,
): Promise<TripCounts> {
  return translateErrors(async () => {
    await checkBoundary(db, filters);
    const keys = by.map((_, i) => sql.ref<Value>(`key${i}`));
    const named = keys.map((key, i) => key.as(`key${i}`));
    const minGroup = sql<number>`(select min_trips from tripgrid.settings)`;
    // The keys get plain names before they are grouped: a parameter (an attribute's name) would make equal expressions
    // different ones.
    const query = db
      .with("keyed", (with_) =>
        with_
          .selectFrom("trips")
          .select(by.map((one, i) => expression(one).as(`key${i}`)))
          .where((eb) => tripFilters(eb, filters)),
      )
      .with("grouped", (with_) =>
        with_.selectFrom("keyed").select(named).select(sql<number>`count(*)`.as("trips")).groupBy(keys),
      )
      .with("judged", () => sql<Judged>`(${judged(keys, sql`${sql.join(keys)}, trips`)})`)
      .selectFrom("judged")
      .select(named)
      .select([
        sql<number>`trips`.as("trips"),
        sql<number>`sum(trips) over ()`.as("total"),
        sql<boolean>`is_suppressed`.as("suppressed"),
        sql<number>`count(*) filter (where is_suppressed) over ()`.as("suppressed_groups"),
        minGroup.as("min_trips"),
      ])
      .orderBy("suppressed")
      .orderBy("trips", "desc")
      .orderBy(sql.ref("key0"))
      .$if(by.length > 1, (query) => query.orderBy(sql.ref("key1")))
      .limit(limit + 1);
    await check(query.compile());
    const rows = await query.execute();
    const [first] = rows;
    const shown = rows.filter(({ suppressed }) => !suppressed);
    const { total = 0, suppressed_groups = 0, min_trips: minTrips = 1 } = first ?? {};
    return {
      total: total > 0 && total < minTrips ? null : total,
      ...(minTrips > 1 ? { withheld: { min_trips: minTrips, groups: suppressed_groups } } : {}),
      counts: shown.slice(0, limit).map((row) => ({
        values: by.map((_, i) => (row as Record<string, unknown>)[`key${i}`] as Value),
        trips: row.trips,
      })),
      truncated: shown.length > limit,
    };
  });
}
