import type postgres from "postgres";
import type { Area } from "../area.ts";
import type { Sql } from "./client.ts";

/** The SQL that stands for an area in a call of one of our functions. */
export function areaSql(sql: Sql, area: Area | undefined): postgres.Fragment {
  if (!area) return sql`null`;
  if (area.kind === "boundary") return sql`tripgrid.region_boundary(${area.region})`;
  return sql`tripgrid.area_from_geojson(variadic ${area.polygons.map((polygon) => JSON.stringify(polygon))}::text[])`;
}
