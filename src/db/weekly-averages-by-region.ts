import type { ByRegionAnswer, WeeklyFilters } from "../weekly-averages.ts";
import { type Sql, translateErrors } from "./client.ts";

type Row = ByRegionAnswer["regions"][number] & {
  window_from: string;
  window_to: string;
  weeks_in_window: number;
  data_as_of: string;
};

/** Asks `tripgrid.weekly_averages_by_region`. */
export async function weeklyAveragesByRegion(sql: Sql, f: WeeklyFilters): Promise<ByRegionAnswer> {
  return translateErrors(async () => {
    const rows = await sql<Row[]>`
      select * from tripgrid.weekly_averages_by_region(
        source => ${f.source ?? null}, from_date => ${f.from ?? null}, to_date => ${f.to ?? null},
        hours => ${f.hours ?? null}, days => ${f.days ?? null})`;
    const [first] = rows;
    return {
      window: first ? { from: first.window_from, to: first.window_to } : null,
      weeks_in_window: first?.weeks_in_window ?? 0,
      data_as_of: first?.data_as_of ?? new Date().toISOString(),
      regions: rows.map(({ window_from, window_to, weeks_in_window, data_as_of, ...region }) => region),
    };
  });
}
