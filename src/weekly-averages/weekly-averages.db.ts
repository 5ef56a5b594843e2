import { type Sql, translateErrors } from "../database/client.ts";
import { areaSql } from "../geo/area.db.ts";
import { exchanged, exchangedHint } from "../geo/exchanged.ts";
import { amongKnown } from "./known-names.db.ts";
import type { Method, WeeklyAnswer, WeeklyQuestion } from "./weekly-averages.ts";

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
  retired_before: string | null;
  // The bounds of an estimate. They are null otherwise.
  trips_lower: number;
  trips_upper: number;
  average_lower: number | null;
  average_upper: number | null;
  weeks_with_trips_lower: number;
  weeks_with_trips_upper: number;
  average_over_weeks_with_trips_lower: number | null;
  average_over_weeks_with_trips_upper: number | null;
};

/**
 * Answers a question about one area, or everywhere. If no trip is found, it looks at what may be wrong with the
 * question.
 *
 * @throws AppError not_found for a source, region or boundary that nobody has
 */
export async function weeklyAverages(sql: Sql, q: WeeklyQuestion): Promise<WeeklyAnswer> {
  const answer = await amongKnown(
    sql,
    q,
    ({ trips }) => trips === 0,
    () => answerTo(sql, q),
  );
  const { circle } = q.area?.kind === "polygons" ? q.area : {};
  const hints = answer.trips === 0 ? await hintsFor(sql, q) : [];
  return { ...answer, ...(circle ? { circle } : {}), ...(hints.length > 0 ? { hints } : {}) };
}

/** Whether trips lie in the area with longitude and latitude exchanged. */
async function hintsFor(sql: Sql, q: WeeklyQuestion): Promise<string[]> {
  const area = exchanged(q.area);
  if (!area) return [];
  const { trips } = await answerTo(sql, { ...q, area });
  return trips ? [exchangedHint(trips)] : [];
}

/** Calls `tripgrid.weekly_averages`. An analyst can make the same call by SQL. */
async function answerTo(sql: Sql, q: WeeklyQuestion): Promise<WeeklyAnswer> {
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
  trips_bounds: [row.trips_lower, row.trips_upper],
  average_bounds: [row.average_lower, row.average_upper],
  weeks_with_trips_bounds: [row.weeks_with_trips_lower, row.weeks_with_trips_upper],
  average_over_weeks_with_trips_bounds: [
    row.average_over_weeks_with_trips_lower,
    row.average_over_weeks_with_trips_upper,
  ],
});
