import { type RawBuilder, sql } from "kysely";
import type { Measure, NumberField } from "../query.ts";
import type { Expression } from "./query-columns.ts";

/** Each number once, however often it is measured. */
export function uniqueFields(measures: readonly Measure[]): NumberField[] {
  const all = measures.flatMap((one) => (one === "trips" ? [] : [one.of]));
  return all.filter((field, i) => placeOf(all, field) === i);
}

const placeOf = (fields: readonly NumberField[], field: NumberField) =>
  fields.findIndex((one) => JSON.stringify(one) === JSON.stringify(field));

/** A measure over the rows of a group; null where fewer have the number, or lack it, than may be told of. */
export function aggregate(measure: Exclude<Measure, "trips">, fields: readonly NumberField[]): RawBuilder<unknown> {
  const field = sql.ref(`f${placeOf(fields, measure.of)}`);
  const value =
    "percentile" in measure
      ? sql`percentile_cont(${measure.percentile}::float8) within group (order by ${field})`
      : sql`${sql.id(measure.aggregate)}(${field})`;
  // An average and a sum tell how many there are, and so how many trips of the group have none.
  const fewest = sql`(select s.min_trips from tripgrid.settings s)`;
  return sql`case when count(${field}) >= ${fewest} and count(*) - count(${field}) not between 1 and ${fewest} - 1 then ${value} end`;
}

/**
 * Groups with whether they are withheld, by the rule of tripgrid.withheld: those of too few trips, and the smallest other one
 * where these together are too few. Where none are to be withheld, groups are not put in order for it.
 */
export function judged(keys: readonly Expression[], columns: RawBuilder<unknown>): RawBuilder<unknown> {
  const isSmall = sql`trips > 0 and trips < s.min_trips`;
  const order = sql.join([sql`trips = 0`, sql`trips`, ...keys]);
  return sql`
    select ${columns}, false as is_withheld from grouped where (select s.min_trips from tripgrid.settings s) = 1
    union all
    select ${columns}, is_small or (small between 1 and min_trips - 1 and size_rank = smalls + 1) from (
      select grouped.*, s.min_trips, ${isSmall} as is_small, coalesce(sum(trips) filter (where ${isSmall}) over (), 0) as small,
             count(*) filter (where ${isSmall}) over () as smalls, row_number() over (order by ${order}) as size_rank
      from grouped, tripgrid.settings s where s.min_trips > 1) sized`;
}
