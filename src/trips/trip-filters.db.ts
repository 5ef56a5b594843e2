import type { Kysely } from "kysely";
import { type Expression, type ExpressionBuilder, type ExpressionWrapper, type SqlBool, sql } from "kysely";
import type { DB } from "../database/schema.ts";
import { areaExpression, liesIn } from "../geo/area.db.ts";
import type { TripFilters } from "./trips.ts";

/**
 * Checks that the boundary of the area exists. A query that finds no trip otherwise does not look at the boundary.
 *
 * @throws the error of tripgrid.region_boundary
 */
export async function checkBoundary(db: Kysely<DB>, { area }: TripFilters): Promise<void> {
  if (area?.kind === "boundary") await sql`select ${areaExpression(area)} is null`.execute(db);
}

const HOUR = sql<number>`extract(hour from local_time)::int`;
const WEEKDAY = sql<number>`extract(isodow from local_time)::int`;

type Condition = ExpressionWrapper<DB, "trips", SqlBool>;

/** The conditions that filters put on trips. */
export function tripFilters(eb: ExpressionBuilder<DB, "trips">, f: TripFilters): Condition {
  const conditions: Expression<SqlBool>[] = [];
  if (f.region !== undefined) conditions.push(eb("region", "=", f.region));
  if (f.source !== undefined) conditions.push(eb("source", "=", f.source));
  if (f.from !== undefined) conditions.push(eb("local_time", ">=", f.from));
  if (f.to !== undefined) conditions.push(eb("local_time", "<", sql<string>`${f.to}::date + 1`));
  if (f.hours) conditions.push(eb(HOUR, "in", f.hours));
  if (f.days) conditions.push(eb(WEEKDAY, "in", f.days));
  if (f.area) conditions.push(liesIn(f.area, f.match));
  if (f.origin) conditions.push(liesIn(f.origin, "origin"));
  if (f.destination) conditions.push(liesIn(f.destination, "destination"));
  if (f.cluster) {
    const { origins, destinations, hour, days } = f.cluster;
    conditions.push(inCells(eb, "o_cell", origins), inCells(eb, "d_cell", destinations));
    conditions.push(eb(HOUR, "=", hour));
    if (days) conditions.push(eb(WEEKDAY, "in", days));
  }
  return eb.and(conditions);
}

/** The cells as ranges, which an index on the cell can find. */
function inCells(eb: ExpressionBuilder<DB, "trips">, column: "o_cell" | "d_cell", cells: string[]): Condition {
  return eb.or(cells.map((cell) => eb.and([eb(column, ">=", cell), eb(column, "<", `${cell}{`)])));
}
