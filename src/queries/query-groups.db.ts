import { type RawBuilder, sql } from "kysely";
import type { Measure, NumberField } from "./query.ts";

/** The measured numbers, each once. */
export function uniqueFields(measures: readonly Measure[]): NumberField[] {
  const all = measures.flatMap((one) => (one === "trips" ? [] : [one.of]));
  return all.filter((field, i) => placeOf(all, field) === i);
}

const placeOf = (fields: readonly NumberField[], field: NumberField) =>
  fields.findIndex((one) => JSON.stringify(one) === JSON.stringify(field));

/**
 * A measure over the rows of a group. It is null if fewer than `min_trips` rows have the number, or if at least one but
 * fewer than `min_trips` lack it.
 */
export function aggregate(measure: Exclude<Measure, "trips">, fields: readonly NumberField[]): RawBuilder<unknown> {
  const field = sql.ref(`f${placeOf(fields, measure.of)}`);
  const value =
    "percentile" in measure
      ? sql`percentile_cont(${measure.percentile}::float8) within group (order by ${field})`
      : sql`${sql.id(measure.aggregate)}(${field})`;
  // An average and a sum together reveal how many trips have the number, and so how many trips of the group lack it.
  const minGroup = sql`(select s.min_trips from tripgrid.settings s)`;
  return sql`case when count(${field}) >= ${minGroup} and count(*) - count(${field}) not between 1 and ${minGroup} - 1 then ${value} end`;
}
