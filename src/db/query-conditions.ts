import { type RawBuilder, type SqlBool, sql } from "kysely";
import type { Area } from "../area.ts";
import type { Comparison, Logic, Scalar, Test, TripField, TripLeaf } from "../query.ts";
import { daysAfter, mondayOf } from "../week.ts";
import type { Match } from "../weekly-averages.ts";
import { attributeText, cellOf, column, type Expression, numberOf, type RowColumns } from "./query-columns.ts";

export type Predicate = RawBuilder<SqlBool>;

export const TRUE: Predicate = sql`true`;

export const every = (all: readonly Predicate[]): Predicate =>
  all.length === 0 ? TRUE : sql`(${sql.join(all, sql` and `)})`;
const some = (all: readonly Predicate[]): Predicate =>
  all.length === 0 ? sql`false` : sql`(${sql.join(all, sql` or `)})`;

/**
 * A condition as SQL. It holds where the SQL is true; the SQL is never true where the condition is false. Null means false,
 * which `and` and `or` keep to, so that only `not` has to say so, and all else can be looked up in indexes.
 */
export function predicate<F extends object>(condition: Logic<F>, leaf: (one: F) => Predicate): Predicate {
  const inner = (one: Logic<F>) => predicate(one, leaf);
  if ("and" in condition) return every((condition.and as Logic<F>[]).map(inner));
  if ("or" in condition) return some((condition.or as Logic<F>[]).map(inner));
  if ("not" in condition) return sql`not coalesce(${inner(condition.not as Logic<F>)}, false)`;
  return leaf(condition as F);
}

/** A test of a trip, or of the trips of a row of a rollup. */
export function tripPredicate(row: RowColumns, leaf: TripLeaf): Predicate {
  if ("from" in leaf) return sql`${row.time} >= ${leaf.from}::timestamp`;
  if ("to" in leaf) return sql`${row.time} < ${daysAfter(leaf.to, 1)}::timestamp`;
  if ("area" in leaf) return liesIn(areaShape(leaf.area), leaf.match);
  return fieldPredicate(row, leaf.field, leaf.test);
}

/** The geometry of an area; a select of its own runs once, not for every trip. */
export const areaShape = (area: Area): Expression => sql`(select ${areaCall(area)})`;

export const areaCall = (area: Area): Expression =>
  area.kind === "boundary"
    ? sql`tripgrid.region_boundary(${area.region}::text)`
    : sql`tripgrid.area_from_geojson(variadic ${area.polygons.map((one) => JSON.stringify(one))}::text[])`;

const intersects = (shape: Expression, point: "origin" | "destination"): Predicate =>
  sql`coalesce(st_intersects(${shape}, ${sql.ref(`t.${point}`)}), false)`;

function liesIn(shape: Expression, match: Match): Predicate {
  if (match === "both") return every([intersects(shape, "origin"), intersects(shape, "destination")]);
  if (match === "either") return some([intersects(shape, "origin"), intersects(shape, "destination")]);
  return intersects(shape, match);
}

function fieldPredicate(row: RowColumns, field: TripField, test: Test): Predicate {
  if ("cell" in field) return cellPredicate(cellOf(row, field.cell), test);
  if ("number" in field) return valuePredicate(numberOf(field), test, "float8");
  if ("attribute" in field) return attributePredicate(field.attribute, test);
  switch (field.column) {
    case "week":
      return periodPredicate(row.time, test, (week) => mondayOf(week) ?? week, 7);
    case "week_start":
      // A day that is no Monday begins no week, but has its place between those that do.
      return valuePredicate(sql`date_trunc('week', ${row.time})::date`, test, "date");
    case "day":
      return periodPredicate(row.time, test, (day) => day, 1);
    case "hour":
    case "weekday":
      return valuePredicate(column(row, field.column), test, "float8");
    default:
      return valuePredicate(column(row, field.column), test, "text");
  }
}

const OPERATORS: Readonly<Record<Comparison, RawBuilder<unknown>>> = {
  ...{ "=": sql`=`, "!=": sql`<>`, "<": sql`<`, "<=": sql`<=`, ">": sql`>`, ">=": sql`>=` },
};
const TYPES = { text: sql`text`, float8: sql`float8`, date: sql`date`, numeric: sql`numeric` } as const;

/** A test of a value, each side as this type. */
export function valuePredicate(value: Expression, test: Test, type: keyof typeof TYPES): Predicate {
  const as = (given: Scalar) => sql`${given}::${TYPES[type]}`;
  if ("isNull" in test) return test.isNull ? sql`${value} is null` : sql`${value} is not null`;
  if ("in" in test) return sql`${value} = any (${[...test.in]}::${TYPES[type]}[])`;
  if ("between" in test) return sql`${value} between ${as(test.between[0])} and ${as(test.between[1])}`;
  return sql`${value} ${OPERATORS[test.compare]} ${as(test.value)}`;
}

/** A test of the day or week that a time lies in, as ranges of times: these lead to the partitions. */
function periodPredicate(time: Expression, test: Test, firstDay: (text: string) => string, days: number): Predicate {
  const opens = (value: Scalar) => sql`${firstDay(String(value))}::timestamp`;
  const closes = (value: Scalar) => sql`${daysAfter(firstDay(String(value)), days)}::timestamp`;
  if ("isNull" in test) return test.isNull ? sql`false` : TRUE;
  if ("between" in test) return sql`(${time} >= ${opens(test.between[0])} and ${time} < ${closes(test.between[1])})`;
  if ("in" in test) {
    const periods = test.in.map((value) => firstDay(String(value)));
    return sql`date_trunc(${days === 7 ? sql`'week'` : sql`'day'`}, ${time}) = any (${periods}::timestamp[])`;
  }
  switch (test.compare) {
    case "=":
      return sql`(${time} >= ${opens(test.value)} and ${time} < ${closes(test.value)})`;
    case "!=":
      return sql`(${time} < ${opens(test.value)} or ${time} >= ${closes(test.value)})`;
    case "<":
      return sql`${time} < ${opens(test.value)}`;
    case "<=":
      return sql`${time} < ${closes(test.value)}`;
    case ">":
      return sql`${time} >= ${closes(test.value)}`;
    case ">=":
      return sql`${time} >= ${opens(test.value)}`;
  }
}

/** A cell is a range of the cells within it. */
function cellPredicate(cell: Expression, test: Test): Predicate {
  const isWithin = (value: Scalar): Predicate =>
    sql`(${cell} >= ${value}::text collate "C" and ${cell} < ${`${value}{`}::text collate "C")`;
  if ("isNull" in test) return test.isNull ? sql`${cell} is null` : sql`${cell} is not null`;
  if ("in" in test) return test.in.length <= MAX_RANGES ? some(test.in.map(isWithin)) : isWithinAny(cell, test.in);
  if ("between" in test) throw new TypeError("cells have no order");
  return test.compare === "=" ? isWithin(test.value) : sql`not ${isWithin(test.value)}`;
}

/** So many are looked up in an index each; of more, each cell is looked up in the list. */
const MAX_RANGES = 16;

function isWithinAny(cell: Expression, all: readonly Scalar[]): Predicate {
  const sizes = [...new Set(all.map((one) => String(one).length))];
  return some(
    sizes.map((size) => {
      const cells = all.map(String).filter((one) => one.length === size);
      return sql`left(${cell}, ${size}::int) = any (${cells}::text[])`;
    }),
  );
}

/** Numbers are compared with attributes that are numbers, true and false with those that are, text with the text of any. */
function attributePredicate(name: string, test: Test): Predicate {
  if ("isNull" in test) return valuePredicate(attributeText(name), test, "text");
  const [first] = "compare" in test ? [test.value] : "in" in test ? test.in : test.between;
  if (typeof first === "number") return valuePredicate(numberOf({ attribute: name }), test, "float8");
  if (typeof first === "string") return valuePredicate(attributeText(name), test, "text");
  const isBoolean = sql<SqlBool>`jsonb_typeof(t.attributes -> ${name}::text) = 'boolean'`;
  const asText: Test =
    "compare" in test
      ? { compare: test.compare, value: String(test.value) }
      : { in: ("in" in test ? test.in : []).map(String) };
  return every([isBoolean, valuePredicate(attributeText(name), asText, "text")]);
}
