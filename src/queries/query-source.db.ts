import { daysAfter, isMonday } from "../time/week.ts";
import { allOf, type CellColumn, leavesOf, type Query, type TripField } from "./query.ts";

/** Where the figures of an answer come from. */
export type QuerySource =
  | { kind: "trips" }
  | { kind: "hourly_regions" }
  | { kind: "weekly_cells"; end: CellColumn; size: 4 | 5 | 6 | 7 };

/** The columns that the rollups have. */
const HOURLY: readonly string[] = ["week", "week_start", "day", "hour", "weekday", "region", "source"];
const WEEKLY: readonly string[] = ["week", "week_start", "region", "source"];

/** The smallest rollup that answers a query exactly, or the trips if no rollup suffices. */
export function sourceOf(query: Query): QuerySource {
  const leaves = leavesOf(query.where);
  const fields: TripField[] = leaves.flatMap((leaf) => ("field" in leaf ? [leaf.field] : []));
  const all = [...query.by.map(({ is }) => is), ...fields];
  const isCount = query.select.every(({ is }) => is === "trips");
  const isPlain = all.every((one) => "column" in one || "cell" in one) && !leaves.some((leaf) => "area" in leaf);
  if (!isCount || !isPlain) return { kind: "trips" };

  const columns = all.flatMap((one) => ("column" in one ? [one.column] : []));
  const ends = new Set(all.flatMap((one) => ("cell" in one ? [one.cell] : [])));
  const [end] = ends;
  if (!end) return columns.every((name) => HOURLY.includes(name)) ? { kind: "hourly_regions" } : { kind: "trips" };
  // The rollup has only whole weeks, so a window must not cut a week.
  const isWholeWeeks = leaves.every(
    (leaf) => ("from" in leaf ? isMonday(leaf.from) : true) && ("to" in leaf ? isMonday(daysAfter(leaf.to, 1)) : true),
  );
  if (ends.size > 1 || !isWholeWeeks || !columns.every((name) => WEEKLY.includes(name))) return { kind: "trips" };
  const sizes = [
    ...query.by.flatMap(({ is }) => ("cell" in is ? [is.precision] : [])),
    ...leaves.flatMap((leaf) => ("field" in leaf && "cell" in leaf.field ? cellLengths(leaf.test) : [])),
  ];
  return { kind: "weekly_cells", end, size: Math.max(4, ...sizes) as 4 | 5 | 6 | 7 };
}

function cellLengths(test: object): number[] {
  const { value, in: several = [] } = test as { value?: unknown; in?: readonly unknown[] };
  return [value, ...several].flatMap((cell) => (typeof cell === "string" ? [cell.length] : []));
}

/** The name of a source in the answer. */
export function sourceName(source: QuerySource): string {
  if (source.kind !== "weekly_cells") return source.kind;
  return `weekly_${source.end === "origin_cell" ? "origins" : "destinations"}_${source.size}`;
}

/** The latest day before which the query asks for no trips. Undefined: the query sets no such day. */
export function firstDay(query: Query): string | undefined {
  const days = allOf(query.where).flatMap((leaf) => ("from" in leaf ? [leaf.from] : []));
  return days.sort().at(-1);
}
