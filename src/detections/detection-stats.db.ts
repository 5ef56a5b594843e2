import { type Sql, translateErrors } from "../database/client.ts";
import type { CountDetections, DetectionCount, StatsBy, StatsFilters } from "./detections.ts";

/**
 * Counts detections from the counts that are kept for each day, and from the changes that these lack. One statement
 * reads both, so the answer counts every detection that was committed before it.
 */
export async function countDetections(
  sql: Sql,
  by: StatsBy,
  { from, to }: StatsFilters,
  limit: number,
): ReturnType<CountDetections> {
  return translateErrors(async () => {
    const dimension = by === "week" ? "hour" : by;
    const value = by === "week" ? sql`to_char(day, 'IYYY"-W"IW')` : sql`value`;
    const sorted = by === "week" ? sql`value` : by === "hour" ? sql`value::int` : sql`detections desc, value`;
    const within = sql`dimension = ${dimension}
      and day between coalesce(${from ?? null}::date, '-infinity') and coalesce(${to ?? null}::date, 'infinity')`;
    const rows = await sql<{ value: string; detections: number; total: number; groups: number }[]>`
      with counted as materialized (
        select value, sum(n) as detections from (
          select ${value} as value, n from tripgrid_internal.detection_counts where ${within}
          union all
          select ${value} as value, n from tripgrid_internal.detection_count_changes where ${within}) both_tables
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

function shownValue(by: StatsBy, text: string): DetectionCount["value"] {
  if (by === "year" || by === "hour") return Number(text);
  return by === "camera" && text === "" ? null : text;
}
