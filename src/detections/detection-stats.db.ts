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
    const of = sql`dimension = ${dimension}`;
    const days = sql`day between ${filters.from ?? "-infinity"}::text::date and ${filters.to ?? "infinity"}::text::date`;
    // No week is made of months.
    const months = isWeek ? undefined : wholeMonths(filters);
    const counts = sql`tripgrid_internal.detection_counts`;
    const parts = [
      sql`select ${value} as value, n from tripgrid_internal.detection_count_changes where ${of} and ${days}`,
    ];
    // A part without days is left out: an index cannot tell that it has none.
    if (months === undefined) parts.push(sql`select ${value}, n from ${counts} where ${of} and ${days}`);
    else {
      const { from, to } = months;
      parts.push(sql`
        select value, n from tripgrid_internal.detection_month_counts
        where ${of} and month >= ${from ?? "-infinity"}::text::date and month < ${to ?? "infinity"}::text::date`);
      if (from) parts.push(sql`select value, n from ${counts} where ${of} and ${days} and day < ${from}::text::date`);
      if (to) parts.push(sql`select value, n from ${counts} where ${of} and ${days} and day >= ${to}::text::date`);
    }
    const all = parts.reduce((before, part) => sql`${before} union all ${part}`);
    const rows = await sql<{ value: string; detections: number; total: number; groups: number }[]>`
      with counted as materialized (
        select value, sum(n) as detections from (${all}) all_tables group by value having sum(n) <> 0)
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

/**
 * The whole months between two local days: the first day of the first one, and the day after the last one. Undefined:
 * there is none.
 */
function wholeMonths({ from, to }: StatsFilters): StatsFilters | undefined {
  const first = from === undefined ? undefined : firstOfMonth(from, from.endsWith("-01") ? 0 : 1);
  const end = to === undefined ? undefined : firstOfMonth(dayAfter(to), 0);
  return first !== undefined && end !== undefined && first >= end ? undefined : { from: first, to: end };
}

const firstOfMonth = (day: string, monthsLater: number) =>
  isoDay(new Date(Date.UTC(Number(day.slice(0, 4)), Number(day.slice(5, 7)) - 1 + monthsLater, 1)));

const dayAfter = (day: string) => isoDay(new Date(Date.parse(day) + 86_400_000));

const isoDay = (date: Date) => date.toISOString().slice(0, 10);

function shownValue(by: StatsBy, text: string): DetectionCount["value"] {
  if (by === "year" || by === "hour") return Number(text);
  return by === "camera" && text === "" ? null : text;
}
