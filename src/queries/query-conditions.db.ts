import { type RawBuilder, type SqlBool, sql } from "kysely";
import { liesIn } from "../geo/area.db.ts";
import { daysAfter, mondayOf } from "../time/week.ts";
import type { Comparison, Logic, Scalar, Test, TripField, TripLeaf } from "./query.ts";
import { attributeText, cellOf, column, type Expression, numberOf, type RowColumns } from "./query-columns.db.ts";

export type Predicate = RawBuilder<SqlBool>;

export const TRUE: Predicate = sql`true`;

export const every = (all: readonly Predicate[]): Predicate =>
  all.length === 0 ? TRUE : sql`(${sql.join(all, sql` and `)})`;
const some = (all: readonly Predicate[]): Predicate =>
  all.length === 0 ? sql`false` : sql`(${sql.join(all, sql` or `)})`;

/**
 * Converts a condition to SQL. The condition holds where the SQL is true; where the condition is false, the SQL is
 * false or null. `and` and `or` treat null as false, so only `not` has to convert it, and all other conditions can use
 * indexes.
 */
export function predicate<F extends object>(condition: Logic<F>, leaf: (one: F) => Predicate): Predicate {
  const inner = (one: Logic<F>) => predicate(one, leaf);
  if ("and" in condition) return every((condition.and as Logic<F>[]).map(inner));
  if ("or" in condition) return some((condition.or as Logic<F>[]).map(inner));
  if ("not" in condition) return sql`not coalesce(${inner(condition.not as Logic<F>)}, false)`;
  return leaf(condition as F);
}

/** A test of a trip, or of the trips in a row of a rollup. */
export function tripPredicate(row: RowColumns, leaf: TripLeaf): Predicate {
  if ("from" in leaf) return sql`${row.time} >= ${leaf.from}::timestamp`;
  if ("to" in leaf) return sql`${row.time} < ${daysAfter(leaf.to, 1)}::timestamp`;
  if ("area" in leaf) return liesIn(leaf.area, leaf.match, "t.");
  return fieldPredicate(row, leaf.field, leaf.test);
}

function fieldPredicate(row: RowColumns, field: TripField, test: Test): Predicate {
  if ("cell" in field) return cellPredicate(cellOf(row, field.cell), test);
  if ("number" in field) return valuePredicate(numberOf(field), test, "float8");
  if ("attribute" in field) return attributePredicate(field.attribute, test);
  switch (field.column) {
    case "week":
      return periodPredicate(row.time, test, (week) => mondayOf(week) ?? week, 7);
    case "week_start":
      // A day other than a Monday begins no week, but it sorts between the Mondays.
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

/** A test of a value. The operands are cast to this type. */
export function valuePredicate(value: Expression, test: Test, type: keyof typeof TYPES): Predicate {
  const as = (given: Scalar) => sql`${given}::${TYPES[type]}`;
  if ("isNull" in test) return test.isNull ? sql`${value} is null` : sql`${value} is not null`;
  if ("in" in test) return sql`${value} = any (${[...test.in]}::${TYPES[type]}[])`;
  if ("between" in test) return sql`${value} between ${as(test.between[0])} and ${as(test.between[1])}`;
  return sql`${value} ${OPERATORS[test.compare]} ${as(test.value)}`;
}

/** A test of the day or week of a time, as ranges of times, which lead the database to the partitions. */
function periodPredicate(time: Expression, test: Test, firstDay: (text: string) => string, days: number): Predicate {
  const startOf = (value: Scalar) => sql`${firstDay(String(value))}::timestamp`;
  const endOf = (value: Scalar) => sql`${daysAfter(firstDay(String(value)), days)}::timestamp`;
  if ("isNull" in test) return test.isNull ? sql`false` : TRUE;
  if ("between" in test) return sql`(${time} >= ${startOf(test.between[0])} and ${time} < ${endOf(test.between[1])})`;
  if ("in" in test) {
    const periods = test.in.map((value) => firstDay(String(value)));
    return sql`date_trunc(${days === 7 ? sql`'week'` : sql`'day'`}, ${time}) = any (${periods}::timestamp[])`;
  }
  switch (test.compare) {
    case "=":
      return sql`(${time} >= ${startOf(test.value)} and ${time} < ${endOf(test.value)})`;
    case "!=":
      return sql`(${time} < ${startOf(test.value)} or ${time} >= ${endOf(test.value)})`;
    case "<":
      return sql`${time} < ${startOf(test.value)}`;
    case "<=":
      return sql`${time} < ${endOf(test.value)}`;
    case ">":
      return sql`${time} >= ${endOf(test.value)}`;
    case ">=":
      return sql`${time} >= ${startOf(test.value)}`;
  }
}

/** A test of a cell. A cell is a range of the cells within it. */
function cellPredicate(cell: Expression, test: Test): Predicate {
  const isWithin = (value: Scalar): Predicate =>
    sql`(${cell} >= ${value}::text collate "C" and ${cell} < ${`${value}{`}::text collate "C")`;
  if ("isNull" in test) return test.isNull ? sql`${cell} is null` : sql`${cell} is not null`;
  if ("in" in test) return test.in.length <= MAX_RANGES ? some(test.in.map(isWithin)) : isWithinAny(cell, test.in);
  if ("between" in test) throw new TypeError("cells have no order");
  return test.compare === "=" ? isWithin(test.value) : sql`not ${isWithin(test.value)}`;
}

/** Up to this many cells are each looked up in an index. With more, each row's cell is looked up in the list. */
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

/**
 * Compares numbers with numeric attributes, true and false with boolean attributes, text with the text of any
 * attribute.
 */
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
