import type { Kysely } from "kysely";
import { sql } from "kysely";
import { type Sql, translateErrors } from "../database/client.ts";
import { openCursor } from "../database/cursor.ts";
import type { CheckCost } from "../database/query-cost.ts";
import type { DB } from "../database/schema.ts";
import { mapPages } from "../kit/pages.ts";
import { checkBoundary, tripFilters } from "../trips/trip-filters.db.ts";
import type { TripFilters } from "../trips/trips.ts";
import { type Column, PointRow, type Table, type Value } from "./table.ts";

const COLUMNS: readonly Column[] = [
  { name: "source", type: "string" },
  { name: "trip_id", type: "string" },
  { name: "region", type: "string" },
  { name: "local_time", type: "local-time" },
  { name: "started_at", type: "instant" },
  { name: "ended_at", type: "instant" },
  { name: "booked_at", type: "instant" },
  { name: "duration_s", type: "number" },
  { name: "distance_m", type: "number" },
  { name: "origin_lon", type: "number" },
  { name: "origin_lat", type: "number" },
  { name: "destination_lon", type: "number" },
  { name: "destination_lat", type: "number" },
  { name: "origin_cell", type: "string" },
  { name: "destination_cell", type: "string" },
  { name: "driver_id", type: "string" },
  { name: "rider_id", type: "string" },
  { name: "vehicle_model", type: "string" },
  { name: "attributes", type: "json" },
];
const NAMES = COLUMNS.map(({ name }) => name);
const ORIGIN = [NAMES.indexOf("origin_lon"), NAMES.indexOf("origin_lat")] as const;
const ATTRIBUTES = NAMES.indexOf("attributes");

/** A page of the largest rows after one of small rows takes 16 MB. Pages are read ahead while a group is written. */
const PAGE = { rows: 500, bytes: 4 * 1024 * 1024, ahead: 1024 * 1024 };
/** The bytes of a row without its attributes. */
const BYTES_A_ROW = 1024;

const micros = (column: string) => sql<number | null>`(extract(epoch from ${sql.ref(column)}) * 1000000)::bigint`;

/**
 * The trips that fit the filters, as points at their origins.
 *
 * @param order by cell, so that neighbours are near each other in the file, or by time
 * @param check refuses a statement that would read too many rows
 */
export async function tripTable(
  db: Kysely<DB>,
  client: Sql,
  check: CheckCost,
  filters: TripFilters,
  order: "cell" | "time",
): Promise<Table> {
  const statement = db
    .selectFrom("trips")
    // In the order of the columns, since rows are read as arrays.
    .select(["source", "trip_id", "region"])
    .select(["local_time", "started_at", "ended_at", "booked_at"].map((name) => micros(name).as(name)))
    .select(["duration_s", "distance_m"])
    .select([
      sql<number>`st_x(origin)`.as("origin_lon"),
      sql<number>`st_y(origin)`.as("origin_lat"),
      sql<number | null>`st_x(destination)`.as("destination_lon"),
      sql<number | null>`st_y(destination)`.as("destination_lat"),
    ])
    .select(["o_cell as origin_cell", "d_cell as destination_cell", "driver_id", "rider_id", "vehicle_model"])
    .select(sql<string | null>`attributes::text`.as("attributes"))
    .where((eb) => tripFilters(eb, filters))
    // An output column has the name of the time, so the table's is named.
    .orderBy(order === "cell" ? sql`trips.o_cell` : sql`trips.local_time`)
    .orderBy(sql`trips.local_time`)
    .orderBy("source")
    .orderBy("trip_id")
    .compile();
  await translateErrors(async () => {
    await checkBoundary(db, filters);
    await check(statement);
  });
  const pages = openCursor<Value[]>(
    client,
    { text: statement.sql, parameters: statement.parameters, asArrays: true },
    {
      ...PAGE,
      bytesOf: (row) => {
        const attributes = row[ATTRIBUTES];
        return BYTES_A_ROW + (typeof attributes === "string" ? attributes.length : 0);
      },
    },
  );
  return {
    ...{ name: "trips", columns: COLUMNS, geometry: "Point", point: ORIGIN, holdsSession: true, headers: {} },
    pages: mapPages(pages, (page) => page.map((values) => new PointRow(values, ORIGIN))),
  };
}
