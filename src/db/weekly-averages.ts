import type { Bounds, Method, WeeklyAnswer, WeeklyQuestion } from "../weekly-averages.ts";
import { areaSql } from "./area-sql.ts";
import { type Sql, translateErrors } from "./client.ts";

type Row = Pick<
  WeeklyAnswer,
  | "trips"
  | "weeks_in_window"
  | "average"
  | "weeks_with_trips"
  | "average_over_weeks_with_trips"
  | "data_as_of"
  | "weeks"
> & {
  window_from: string | null;
  window_to: string | null;
  method_used: Method;
  min_trips: number;
  trips_lower: number | null;
  trips_upper: number | null;
  average_lower: number | null;
  average_upper: number | null;
  weeks_with_trips_lower: number | null;
  weeks_with_trips_upper: number | null;
  average_over_weeks_with_trips_lower: number | null;
  average_over_weeks_with_trips_upper: number | null;
  retired_before: string | null;
};

/** Asks `tripgrid.weekly_averages`, which an analyst can call just so. */
export async function weeklyAverages(sql: Sql, q: WeeklyQuestion): Promise<WeeklyAnswer> {
  return translateErrors(async () => {
    const rows = await sql<Row[]>`
      select a.*, s.min_trips from tripgrid.settings s, tripgrid.weekly_averages(
        area => ${areaSql(sql, q.area)}, match => ${q.match}, source => ${q.source ?? null}, region => ${q.region ?? null},
        from_date => ${q.from ?? null}, to_date => ${q.to ?? null}, hours => ${q.hours ?? null}, days => ${q.days ?? null}, method => ${q.method}) a`;
    const [row] = rows;
    if (!row) throw new Error("tripgrid.weekly_averages gave no row");
    const { window_from: from, window_to: to } = row;
    return {
      window: from && to ? { from, to } : null,
      trips: row.trips,
      weeks_in_window: row.weeks_in_window,
      average: row.average,
      weeks_with_trips: row.weeks_with_trips,
      average_over_weeks_with_trips: row.average_over_weeks_with_trips,
      ...(row.method_used === "estimate" && row.trips !== null ? boundsOf(row) : {}),
      method: row.method_used,
      data_as_of: row.data_as_of,
      ...(row.retired_before === null ? {} : { retired_before: row.retired_before }),
      ...(row.min_trips > 1 ? { withheld: withheldOf(row) } : {}),
      weeks: row.weeks,
    };
  });
}

const withheldOf = ({ min_trips, weeks }: Row) => ({
  min_trips,
  weeks: weeks.filter(({ trips }) => trips === null).length,
});

const boundsOf = (row: Row) => ({
  trips_bounds: [row.trips_lower, row.trips_upper] as [number, number],
  average_bounds: [row.average_lower, row.average_upper] as Bounds,
  weeks_with_trips_bounds: [row.weeks_with_trips_lower, row.weeks_with_trips_upper] as [number, number],
  average_over_weeks_with_trips_bounds: [
    row.average_over_weeks_with_trips_lower,
    row.average_over_weeks_with_trips_upper,
  ] as Bounds,
});
