import { type Sql, translateErrors } from "../database/client.ts";
import type { CountDetections, DetectionCount, StatsBy, StatsFilters } from "./detections.ts";

/**
 * Counts detections from the counts that are kept for each month and day, and from the changes that these lack. One
 * statement reads all, so the answer counts every detection that was committed before it.
 */
export async function countDetections(
  sql: Sql,
  by: StatsBy,
  filters: StatsFilters,
  limit: number,
): ReturnType<CountDetections> {
  return translateErrors(async () => {
    const isWeek = by === "week";
    const dimension = isWeek ? "hour" : by;
    const value = isWeek ? sql`to_char(day, 'IYYY"-W"IW')` : sql`value`;
    const sorted = isWeek ? sql`value` : by === "hour" ? sql`value::int` : sql`detections desc, value`;
    const within = sql`dimension = ${dimension} and day between ${filters.from ?? "-infinity"}::text::date and ${filters.to ?? "infinity"}::text::date`;
    // No week is made of months.
    const { from, to } = isWeek ? NO_MONTHS : wholeMonths(filters);
    const rows = await sql<{ value: string; detections: number; total: number; groups: number }[]>`
      with counted as materialized (
        select value, sum(n) as detections from (
          select value, n from tripgrid_internal.detection_month_counts
          where dimension = ${dimension} and month >= ${from}::text::date and month < ${to}::text::date
          union all
          select ${value}, n from tripgrid_internal.detection_counts where ${within} and day < ${from}::text::date
          union all
          select ${value}, n from tripgrid_internal.detection_counts where ${within} and day >= ${to}::text::date
          union all
          select ${value}, n from tripgrid_internal.detection_count_changes where ${within}) all_tables
        group by value having sum(n) <> 0)
      select value, detections, sum(detections) over () as total, count(*) over () as groups
      from counted order by ${sorted} limit ${limit}`;
    const [first] = rows;
    return {
      total: first?.total ?? 0,
      counts: rows.map(({ value: text, detections }) => ({ value: shownValue(by, text), detections })),
      truncated: (first?.groups ?? 0) > rows.length,
    };
  });
}

/** Days before `from` and from `to` on are counted by day, months between them by month: none here. */
const NO_MONTHS = { from: "infinity", to: "infinity" };

/** The whole months between two local days: the first day of the first one, and the day after the last one. */
function wholeMonths({ from, to }: StatsFilters): typeof NO_MONTHS {
  const first = from === undefined ? "-infinity" : firstOfMonth(from, from.endsWith("-01") ? 0 : 1);
  const end = to === undefined ? "infinity" : firstOfMonth(dayAfter(to), 0);
  return from !== undefined && to !== undefined && first >= end ? NO_MONTHS : { from: first, to: end };
}

const firstOfMonth = (day: string, monthsLater: number) =>
  isoDay(new Date(Date.UTC(Number(day.slice(0, 4)), Number(day.slice(5, 7)) - 1 + monthsLater, 1)));

const dayAfter = (day: string) => isoDay(new Date(Date.parse(day) + 86_400_000));

const isoDay = (date: Date) => date.toISOString().slice(0, 10);

function shownValue(by: StatsBy, text: string): DetectionCount["value"] {
  if (by === "year" || by === "hour") return Number(text);
  return by === "camera" && text === "" ? null : text;
}
