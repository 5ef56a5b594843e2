import { type Expression, sql as kysely, type RawBuilder, type SqlBool } from "kysely";
import type postgres from "postgres";
import type { Sql } from "../database/client.ts";
import type { Area, Match } from "./area.ts";

/** A tag of the driver or of the query builder, which makes SQL of a template. */
type Tag<F> = (text: TemplateStringsArray, ...values: unknown[]) => F;

function written<F>(sql: Tag<F>, area: Area): F {
  if (area.kind === "boundary") return sql`tripgrid.region_boundary(${area.region}::text)`;
  const polygons = area.polygons.map((one) => JSON.stringify(one));
  return area.makeValid
    ? sql`tripgrid.valid_area_from_geojson(variadic ${polygons}::text[])`
    : sql`tripgrid.area_from_geojson(variadic ${polygons}::text[])`;
}

/** The SQL of an area as an argument of one of our functions. */
export const areaSql = (sql: Sql, area: Area | undefined): postgres.Fragment =>
  area ? written(sql as unknown as Tag<postgres.Fragment>, area) : sql`null`;

/** The same for the query builder. */
export const areaExpression = (area: Area): RawBuilder<unknown> => written(kysely as Tag<RawBuilder<unknown>>, area);

/**
 * True where the wanted ends of a trip lie in an area, and never null.
 *
 * @param table the prefix of the columns `origin` and `destination`
 */
export function liesIn(area: Area, match: Match, table = ""): RawBuilder<SqlBool> {
  // A separate select runs once, not for every trip.
  const shape = kysely`(select ${areaExpression(area)})`;
  const both = (word: Expression<unknown>) =>
    kysely<SqlBool>`(${intersects(shape, `${table}origin`)} ${word} ${intersects(shape, `${table}destination`)})`;
  if (match === "both") return both(kysely`and`);
  if (match === "either") return both(kysely`or`);
  return intersects(shape, `${table}${match}`);
}

/** True where a point lies in a shape, and not null without a point. */
export const intersects = (shape: Expression<unknown>, column: string): RawBuilder<SqlBool> =>
  kysely`coalesce(st_intersects(${shape}, ${kysely.ref(column)}), false)`;
