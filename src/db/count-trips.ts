import { type Kysely, type RawBuilder, sql } from "kysely";
import type { CountBy, CountColumn, TripCounts, TripFilters } from "../trips.ts";
import { translateErrors } from "./client.ts";
import type { DB } from "./schema.ts";
import { checkBoundary, tripFilters } from "./trip-filters.ts";

type Value = string | number | null;

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

/** Counts trips by one or two columns or attributes, largest counts first. */
export async function countTrips(
  db: Kysely<DB>,
  filters: TripFilters,
  by: CountBy[],
  limit: number,
): Promise<TripCounts> {
  return translateErrors(async () => {
    await checkBoundary(db, filters);
    // Grouped under plain names first: a parameter (an attribute's name) would make equal expressions different ones.
    const rows = await db
      .with("keyed", (with_) =>
        with_
          .selectFrom("trips")
          .select(by.map((one, i) => expression(one).as(`key${i}`)))
          .where((eb) => tripFilters(eb, filters)),
      )
      .selectFrom("keyed")
      .select(by.map((_, i) => sql.ref<Value>(`key${i}`).as(`key${i}`)))
      .select([sql<number>`count(*)`.as("trips"), sql<number>`sum(count(*)) over ()`.as("total")])
      .groupBy(by.map((_, i) => sql.ref(`key${i}`)))
      .orderBy("trips", "desc")
      .orderBy(sql.ref("key0"))
      .$if(by.length > 1, (query) => query.orderBy(sql.ref("key1")))
      .limit(limit + 1)
      .execute();
    return {
      total: rows[0]?.total ?? 0,
      counts: rows.slice(0, limit).map((row) => ({
        values: by.map((_, i) => (row as Record<string, unknown>)[`key${i}`] as Value),
        trips: row.trips,
      })),
      truncated: rows.length > limit,
    };
  });
}
