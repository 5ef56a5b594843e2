import { type Kysely, type RawBuilder, type SqlBool, sql } from "kysely";
import type { DB } from "../database/schema.ts";
import { areaExpression, intersects } from "../geo/area.db.ts";
import type { Area, Match } from "../geo/area.ts";
import type { Condition, TripLeaf } from "../queries/query.ts";
import { TRIP } from "../queries/query-columns.db.ts";
import { type Predicate, predicate, tripPredicate, valuePredicate } from "../queries/query-conditions.db.ts";
import type { Subject } from "./alert.ts";
import { DETECTION_TEXTS } from "./rule-condition.ts";

/**
 * A condition as SQL text over a row `t` of trips or detections. It has no parameters, since a trigger runs it. It
 * raises no error, whatever the row holds and whatever becomes of a region later.
 */
export function predicateText(db: Kysely<DB>, on: Subject, condition: Condition): string {
  const leaf = (one: TripLeaf) => leafPredicate(on, one);
  const { sql: text, parameters } = predicate<TripLeaf>(condition, leaf).compile(db);
  return text.replaceAll(/\$(\d+)/g, (_, n: string) => literal(parameters[Number(n) - 1]));
}

function leafPredicate(on: Subject, leaf: TripLeaf): Predicate {
  if ("area" in leaf) return areaPredicate(on, leaf.area, leaf.match);
  if (on === "detections" && "field" in leaf && "column" in leaf.field) {
    const name: string = leaf.field.column;
    if ((DETECTION_TEXTS as readonly string[]).includes(name)) {
      return valuePredicate(sql.ref(`t.${name}`), leaf.test, "text");
    }
    if (name === "year") return valuePredicate(sql`t.year`, leaf.test, "float8");
  }
  return tripPredicate(TRIP, leaf);
}

function areaPredicate(on: Subject, area: Area, match: Match): Predicate {
  const [origin, destination] = ["origin", "destination"].map((end) => liesIn(area, `t.${end}`));
  if (on === "detections") return liesIn(area, "t.location");
  if (match === "both") return sql`(${origin} and ${destination})`;
  if (match === "either") return sql`(${origin} or ${destination})`;
  return (match === "origin" ? origin : destination) as Predicate;
}

/** A region that has no boundary, or no longer, holds nothing. */
function liesIn(area: Area, column: string): RawBuilder<SqlBool> {
  if (area.kind === "polygons") return intersects(sql`(select ${areaExpression(area)})`, column);
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
