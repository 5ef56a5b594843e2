import { type RawBuilder, sql } from "kysely";
import type { CellColumn, Dimension, NumberField, QueryColumn, Value } from "./query.ts";

export type Expression = RawBuilder<unknown>;

/** The SQL for the columns of a trip in the rows that are read: trips `t`, or the rows `r` of a rollup. */
export interface RowColumns {
  time: Expression;
  region: Expression;
  source: Expression;
  /** Only for a rollup by cell: the cell of the end that it groups by. */
  cell?: Expression;
}

export const TRIP: RowColumns = { time: sql`t.local_time`, region: sql`t.region`, source: sql`t.source` };
export const HOUR: RowColumns = { time: sql`r.hour`, region: sql`r.region`, source: sql`r.source` };
export const WEEK: RowColumns = { time: sql`r.week`, region: sql`r.region`, source: sql`r.source`, cell: sql`r.cell` };

/** The cell of one end, as fine as the rows provide it. */
export const cellOf = (row: RowColumns, end: CellColumn): Expression =>
  row.cell ?? (end === "origin_cell" ? sql`t.o_cell` : sql`t.d_cell`);

/**
 * The key that rows are grouped by. It is cheap to compute a million times, and it sorts like the shown value.
 * `shownKey` converts it to the shown value.
 */
export function key(row: RowColumns, by: Dimension): Expression {
  if ("attribute" in by) return attributeText(by.attribute);
  if ("cell" in by) return sql`left(${cellOf(row, by.cell)}, ${by.precision}::int)`;
  return column(row, by.column);
}

/** A column of a row. A week is its Monday here. */
export function column({ time, region, source }: RowColumns, name: QueryColumn): Expression {
  switch (name) {
    case "week":
    case "week_start":
      return sql`date_trunc('week', ${time})`;
    case "day":
      return sql`${time}::date`;
    case "hour":
      return sql`date_part('hour', ${time})::int`;
    case "weekday":
      return sql`date_part('isodow', ${time})::int`;
    case "region":
      return region;
    case "source":
      return source;
    case "driver":
      return sql`t.driver_id`;
    case "rider":
      return sql`t.rider_id`;
    case "vehicle_model":
      return sql`t.vehicle_model`;
  }
}

/** A key as the answer shows it. */
export function shownKey(by: Dimension, ref: Expression): RawBuilder<Value> {
  if ("column" in by && by.column === "week") return sql`to_char(${ref}, 'IYYY"-W"IW')`;
  if ("column" in by && by.column === "week_start") return sql`${ref}::date`;
  return sql`${ref}`;
}

/** True if a key is text of any length from a sender. */
export const isLongKey = (by: Dimension): boolean =>
  "attribute" in by || ("column" in by && ["region", "source", "driver", "rider", "vehicle_model"].includes(by.column));

export const attributeText = (name: string): Expression => sql`(t.attributes ->> ${name}::text) collate "C"`;

/**
 * A number of a trip. A number of 1e100 or more counts as missing, and a number nearer to zero than 1e-100 counts as
 * zero. Otherwise sums, squares and conversions could exceed a double, and the database would refuse the whole query.
 */
export function numberOf(field: NumberField): Expression {
  if ("attribute" in field) {
    const value = sql`(t.attributes ->> ${field.attribute}::text)::numeric`;
    // A CSV has only text, so text that is a plain number counts as a number. The CASE is nested, since only a CASE
    // guarantees that the database skips an expression.
    return sql`case when jsonb_typeof(t.attributes -> ${field.attribute}::text) = 'number'
      or (jsonb_typeof(t.attributes -> ${field.attribute}::text) = 'string'
          and t.attributes ->> ${field.attribute}::text ~ '^-?[0-9]{1,15}(\\.[0-9]{1,15})?$') then
      case when abs(${value}) < 1e-100 then 0 when abs(${value}) < 1e100 then ${value}::float8 end end`;
  }
  switch (field.number) {
    case "duration_s":
      return sql`case when t.duration_s < 1e100 then t.duration_s end`;
    case "distance_m":
      return sql`case when t.distance_m < 1e100 then t.distance_m end`;
    case "great_circle_m":
      return sql`st_distancesphere(t.origin, t.destination)`;
  }
}
