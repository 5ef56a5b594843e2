import { type Kysely, type RawBuilder, type SqlBool, sql } from "kysely";
import type { DB } from "../database/schema.ts";
import { areaExpression, intersects } from "../geo/area.db.ts";
import type { Area, Match } from "../geo/area.ts";
import { type Condition, leavesOf, type TripLeaf } from "../queries/query.ts";
import { TRIP } from "../queries/query-columns.db.ts";
import { type Predicate, predicate, tripPredicate, valuePredicate } from "../queries/query-conditions.db.ts";
import type { Subject } from "./alert.ts";
import { DETECTION_TEXTS } from "./rule-condition.ts";

/** The polygons of a condition, as PostGIS writes them. */
type Shapes = ReadonlyMap<Area, string>;

/**
 * A condition as SQL text over a row `t` of trips or detections. It has no parameters, since a trigger runs it. It
 * raises no error, whatever the row holds and whatever becomes of a region later. Its polygons are checked here, once,
 * and are geometries in it.
 *
 * @throws AppError invalid_area if PostGIS does not take an area of the condition
 */
export async function predicateText(db: Kysely<DB>, on: Subject, condition: Condition): Promise<string> {
  const shapes = new Map<Area, string>();
  for (const one of leavesOf<TripLeaf>(condition)) {
    if ("area" in one && one.area.kind === "polygons") shapes.set(one.area, await shapeOf(db, one.area));
  }
  const leaf = (one: TripLeaf) => leafPredicate(on, one, shapes);
  const { sql: text, parameters } = predicate<TripLeaf>(condition, leaf).compile(db);
  return text.replaceAll(/\$(\d+)/g, (_, n: string) => literal(parameters[Number(n) - 1]));
}

async function shapeOf(db: Kysely<DB>, area: Area): Promise<string> {
  const { rows } = await sql<{ shape: string }>`
    select encode(st_asewkb(${areaExpression(area)}), 'hex') as shape`.execute(db);
  return rows[0]?.shape ?? "";
}

function leafPredicate(on: Subject, leaf: TripLeaf, shapes: Shapes): Predicate {
  if ("area" in leaf) return areaPredicate(on, leaf.area, leaf.match, shapes);
  if (on === "detections" && "field" in leaf && "column" in leaf.field) {
    const name: string = leaf.field.column;
    if ((DETECTION_TEXTS as readonly string[]).includes(name)) {
      return valuePredicate(sql.ref(`t.${name}`), leaf.test, "text");
    }
    if (name === "year") return valuePredicate(sql`t.year`, leaf.test, "float8");
  }
  return tripPredicate(TRIP, leaf);
}

function areaPredicate(on: Subject, area: Area, match: Match, shapes: Shapes): Predicate {
  const [origin, destination] = ["origin", "destination"].map((end) => liesIn(area, `t.${end}`, shapes));
  if (on === "detections") return liesIn(area, "t.location", shapes);
  if (match === "both") return sql`(${origin} and ${destination})`;
  if (match === "either") return sql`(${origin} or ${destination})`;
  return (match === "origin" ? origin : destination) as Predicate;
}

/** A region that has no boundary, or no longer, holds nothing. */
function liesIn(area: Area, column: string, shapes: Shapes): RawBuilder<SqlBool> {
  if (area.kind === "polygons") return intersects(sql`${shapes.get(area)}::geometry`, column);
  return sql`exists (select from tripgrid.regions r where r.name = ${area.region}::text and st_intersects(r.boundary, ${sql.ref(column)}))`;
}

/** A value as SQL text, which means the same under either setting of standard_conforming_strings. */
function literal(value: unknown): string {
  if (typeof value === "number") return Number.isFinite(value) ? `(${value})` : "null";
  if (typeof value === "boolean") return String(value);
  if (Array.isArray(value)) return `array[${value.map(literal).join(", ")}]`;
  const text = String(value).replaceAll("'", "''");
  return text.includes("\\") ? `E'${text.replaceAll("\\", "\\\\")}'` : `'${text}'`;
}
