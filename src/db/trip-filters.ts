import type { Kysely } from "kysely";
import { type ExpressionBuilder, type ExpressionWrapper, type SqlBool, sql } from "kysely";
import type { Area } from "../area.ts";
import type { TripFilters } from "../trips.ts";
import type { DB } from "./schema.ts";

/**
 * Makes sure that the boundary asked about exists: a query that finds no trip otherwise would not look at it.
 *
 * @throws the error of tripgrid.region_boundary
 */
export async function checkBoundary(db: Kysely<DB>, { area }: TripFilters): Promise<void> {
  if (area?.kind === "boundary") await sql`select tripgrid.region_boundary(${area.region}) is null`.execute(db);
}

type Condition = ExpressionWrapper<DB, "trips", SqlBool>;

/** The conditions that filters put on trips. */
export function tripFilters(eb: ExpressionBuilder<DB, "trips">, f: TripFilters): Condition {
  const conditions: Condition[] = [];
  if (f.region !== undefined) conditions.push(eb("region", "=", f.region));
  if (f.source !== undefined) conditions.push(eb("source", "=", f.source));
  if (f.from !== undefined) conditions.push(eb("local_time", ">=", f.from));
  if (f.to !== undefined) conditions.push(eb("local_time", "<", sql<string>`${f.to}::date + 1`));
  if (f.area) conditions.push(inArea(eb, f.area, f.match));
  if (f.cluster) {
    const { origins, destinations, hour, days } = f.cluster;
    conditions.push(inCells(eb, "o_cell", origins), inCells(eb, "d_cell", destinations));
    conditions.push(eb(sql`extract(hour from local_time)::int`, "=", hour));
    if (days) conditions.push(eb(sql`extract(isodow from local_time)::int`, "in", days));
  }
  return eb.and(conditions);
}

function inArea(eb: ExpressionBuilder<DB, "trips">, area: Area, match: TripFilters["match"]): Condition {
  // A select of its own runs once, not for every trip.
  const shape =
    area.kind === "boundary"
      ? sql`(select tripgrid.region_boundary(${area.region}))`
      : sql`(select tripgrid.area_from_geojson(variadic ${area.polygons.map((p) => JSON.stringify(p))}::text[]))`;
  const within = (column: "origin" | "destination") =>
    eb.fn.coalesce(
      sql<boolean>`st_intersects(${shape}, ${sql.ref(column)})`,
      sql<boolean>`false`,
    ) as unknown as Condition;
  if (match === "both") return eb.and([within("origin"), within("destination")]);
  if (match === "either") return eb.or([within("origin"), within("destination")]);
  return within(match);
}

/** As ranges, which an index on the cell knows. */
function inCells(eb: ExpressionBuilder<DB, "trips">, column: "o_cell" | "d_cell", cells: string[]): Condition {
  return eb.or(cells.map((cell) => eb.and([eb(column, ">=", cell), eb(column, "<", `${cell}{`)])));
}
