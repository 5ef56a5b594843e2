import type { Geometry } from "geojson";
import { type RawBuilder, type SqlBool, sql } from "kysely";
import { type Kind, kindOf } from "./checked-filter.ts";
import { type Collection, GEOMETRY } from "./collection.ts";
import type { Comparison, Filter, Scalar, Shape, SpatialOperator, TemporalOperator, Time } from "./cql2.ts";

export type Predicate = RawBuilder<SqlBool>;
type Expression = RawBuilder<unknown>;

/** A checked filter as SQL on the features `f`. Where an operand is null, the condition is null, and so selects nothing. */
export function filterSql(filter: Filter, collection: Collection): Predicate {
  const inner = (one: Filter) => filterSql(one, collection);
  const scalar = (one: Scalar, kind: Kind) => scalarSql(one, kind, collection);
  const kind = (...all: Scalar[]) => kindOfAll(all, collection);
  if ("and" in filter) return joined(filter.and.map(inner), sql` and `);
  if ("or" in filter) return joined(filter.or.map(inner), sql` or `);
  if ("not" in filter) return sql`not (${inner(filter.not)})`;
  if ("truth" in filter) return sql`${scalar(filter.truth, "boolean")}`;
  if ("isNull" in filter) {
    if ("property" in filter.isNull && filter.isNull.property === GEOMETRY) return sql`f.geom is null`;
    const one = filter.isNull as Scalar;
    return sql`${scalar(one, kind(one))} is null`;
  }
  if ("compare" in filter) {
    const type = kind(filter.left, filter.right);
    return sql`${scalar(filter.left, type)} ${OPERATORS[filter.compare]} ${scalar(filter.right, type)}`;
  }
  if ("like" in filter) return sql`${scalar(filter.like, "string")} like ${scalar(filter.pattern, "string")}`;
  if ("between" in filter) {
    const type = kind(filter.between, filter.low, filter.high);
    const [value, low, high] = [filter.between, filter.low, filter.high].map((one) => scalar(one, type));
    return sql`${value} between ${low} and ${high}`;
  }
  if ("in" in filter) {
    const type = kind(filter.in, ...filter.list);
    return sql`${scalar(filter.in, type)} in (${sql.join(filter.list.map((one) => scalar(one, type)))})`;
  }
  if ("spatial" in filter) {
    return sql`${SPATIAL[filter.spatial]}(${shapeSql(filter.left)}, ${shapeSql(filter.right)})`;
  }
  const [a, b] = [filter.left, filter.right].map((one) => timeSql(one, collection)) as [Span, Span];
  return TEMPORAL[filter.temporal](a, b);
}

const joined = (all: Predicate[], by: Expression): Predicate => sql`(${sql.join(all, by)})`;

const OPERATORS: Readonly<Record<Comparison, Expression>> = {
  ...{ "=": sql`=`, "<>": sql`<>`, "<": sql`<`, ">": sql`>`, "<=": sql`<=`, ">=": sql`>=` },
};

const SPATIAL: Readonly<Record<SpatialOperator, Expression>> = {
  ...{ s_intersects: sql`st_intersects`, s_equals: sql`st_equals`, s_disjoint: sql`st_disjoint` },
  ...{ s_touches: sql`st_touches`, s_within: sql`st_within`, s_overlaps: sql`st_overlaps` },
  ...{ s_crosses: sql`st_crosses`, s_contains: sql`st_contains` },
};

/** The kind as which values are compared. A text beside an instant is one. */
function kindOfAll(all: readonly Scalar[], collection: Collection): Kind {
  const kinds = all.map((one) => kindOf(one, collection));
  return kinds.includes("instant") ? "instant" : (kinds[0] ?? "string");
}

function scalarSql(one: Scalar, kind: Kind, collection: Collection): Expression {
  if ("casei" in one) return sql`lower(${scalarSql(one.casei, "string", collection)})`;
  if ("property" in one) {
    const column = sql.ref(`f.${one.property}`);
    if (kind !== "instant") return column;
    const type = collection.properties[one.property]?.type;
    // Dates and wall clocks count as if they were UTC.
    return type === "date-time" ? column : sql`(${column}::timestamp at time zone 'UTC')`;
  }
  if ("date" in one) return sql`${`${one.date}T00:00:00Z`}::timestamptz`;
  if ("timestamp" in one) return sql`${one.timestamp}::timestamptz`;
  if (kind === "instant") return sql`(${one.value}::text::timestamptz)`;
  if (kind === "number") return sql`${one.value}::float8`;
  if (kind === "boolean") return sql`${one.value}::boolean`;
  return sql`${one.value}::text`;
}

/** A geometry of a filter. Its own select runs once, not for every feature. */
function shapeSql(one: Shape): Expression {
  return "property" in one ? sql`f.geom` : geometrySql(one.geometry);
}

/** A polygon goes through the check of every area: PostGIS fails at edges that cross. */
export function geometrySql(geometry: Geometry): Expression {
  const text = JSON.stringify(geometry);
  return geometry.type === "Polygon" || geometry.type === "MultiPolygon"
    ? sql`(select tripgrid.area_from_geojson(variadic array[${text}]::text[]))`
    : sql`(select st_setsrid(st_geomfromgeojson(${text}), 4326))`;
}

/** The first and the last instant of a time. */
type Span = readonly [from: Expression, to: Expression];

function timeSql(one: Time, collection: Collection): Span {
  if (!("interval" in one)) {
    const instant = scalarSql(one, "instant", collection);
    return [instant, instant];
  }
  const bound = (given: Scalar | "..", open: Expression) =>
    given === ".." ? open : scalarSql(given, "instant", collection);
  return [bound(one.interval[0], sql`'-infinity'::timestamptz`), bound(one.interval[1], sql`'infinity'::timestamptz`)];
}

/** The relations of two times, as Allen has defined them, and their combinations in CQL2. */
const TEMPORAL: Readonly<Record<TemporalOperator, (a: Span, b: Span) => Predicate>> = {
  t_after: ([from], [, end]) => sql`${from} > ${end}`,
  t_before: ([, to], [begin]) => sql`${to} < ${begin}`,
  t_contains: ([from, to], [begin, end]) => sql`(${from} < ${begin} and ${to} > ${end})`,
  t_disjoint: ([from, to], [begin, end]) => sql`(${from} > ${end} or ${to} < ${begin})`,
  t_during: ([from, to], [begin, end]) => sql`(${from} > ${begin} and ${to} < ${end})`,
  t_equals: ([from, to], [begin, end]) => sql`(${from} = ${begin} and ${to} = ${end})`,
  t_finishedby: ([from, to], [begin, end]) => sql`(${from} < ${begin} and ${to} = ${end})`,
  t_finishes: ([from, to], [begin, end]) => sql`(${from} > ${begin} and ${to} = ${end})`,
  t_intersects: ([from, to], [begin, end]) => sql`(${from} <= ${end} and ${to} >= ${begin})`,
  t_meets: ([, to], [begin]) => sql`${to} = ${begin}`,
  t_metby: ([from], [, end]) => sql`${from} = ${end}`,
  t_overlappedby: ([from, to], [begin, end]) => sql`(${from} > ${begin} and ${from} < ${end} and ${to} > ${end})`,
  t_overlaps: ([from, to], [begin, end]) => sql`(${from} < ${begin} and ${to} > ${begin} and ${to} < ${end})`,
  t_startedby: ([from, to], [begin, end]) => sql`(${from} = ${begin} and ${to} > ${end})`,
  t_starts: ([from, to], [begin, end]) => sql`(${from} = ${begin} and ${to} < ${end})`,
};
