import { type Sql, translateErrors } from "../database/client.ts";
import { amongKnown } from "./known-names.db.ts";
import type { ByRegionAnswer, WeeklyFilters } from "./weekly-averages.ts";

type Region = ByRegionAnswer["regions"][number];
type Row = { window_start: string | null; window_end: string | null; as_of: string; min_trips: number } & (
  | (Region & { window_from: string; window_to: string; weeks_in_window: number })
  | { window_from: null }
);

/** Calls `tripgrid.weekly_averages_by_region`. If it finds nothing, the window is that of the requested dates. */
export async function weeklyAveragesByRegion(sql: Sql, f: WeeklyFilters): Promise<ByRegionAnswer> {
  return amongKnown(
    sql,
    f,
    ({ regions }) => regions.length === 0,
    () => answerTo(sql, f),
  );
}

async function answerTo(sql: Sql, f: WeeklyFilters): Promise<ByRegionAnswer> {
  const [from, to] = [f.from ?? f.to ?? null, f.to ?? f.from ?? null];
  return translateErrors(async () => {
    const rows = await sql<Row[]>`
      select date_trunc('week', ${from}::timestamp)::date as window_start, date_trunc('week', ${to}::timestamp)::date + 7 as window_end,
             statement_timestamp() as as_of, s.min_trips, r.*
      from tripgrid.settings s
      left join tripgrid.weekly_averages_by_region(
        source => ${f.source ?? null}, from_date => ${f.from ?? null}, to_date => ${f.to ?? null},
        hours => ${f.hours ?? null}, days => ${f.days ?? null}) r on true`;
    const [first] = rows;
    if (!first) throw new Error("a left join gave no row");
    if (first.window_from === null) {
      const { window_start, window_end } = first;
      const weeks = window_start && window_end ? (Date.parse(window_end) - Date.parse(window_start)) / WEEK_MS : 0;
      const window = window_start && window_end ? { from: window_start, to: window_end } : null;
      return { window, weeks_in_window: weeks, data_as_of: first.as_of, ...withheldOf(first, []), regions: [] };
    }
    const regions = rows.flatMap((row) => (row.window_from === null ? [] : [regionOf(row)]));
    return {
      window: { from: first.window_from, to: first.window_to },
      weeks_in_window: first.weeks_in_window,
      data_as_of: first.as_of,
      ...withheldOf(first, regions),
      regions,
    };
  });
}

const WEEK_MS = 7 * 86_400_000;

const withheldOf = ({ min_trips }: Row, regions: Region[]) =>
  min_trips > 1 ? { withheld: { min_trips, regions: regions.filter(({ trips }) => trips === null).length } } : {};

const regionOf = ({ region, trips, average, weeks_with_trips, average_over_weeks_with_trips }: Region): Region => ({
  region,
  trips,
  average,
  weeks_with_trips,
  average_over_weeks_with_trips,
});
