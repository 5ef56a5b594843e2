import { mondayOfDate, weeksBetween } from "../time/week.ts";
import type { TileFilters } from "./layers.ts";

/** The Mondays of the first and the last week with a trip. Null: there is none. */
export interface KnownWeeks {
  first: string | null;
  last: string | null;
}

/** Whether retired weeks do not count: what is kept of them tells one end of a trip and no hour. */
const leavesOutRetired = (f: TileFilters) =>
  f.hours !== undefined || f.days !== undefined || f.match === "both" || f.match === "either";

/** Whether an end of the window is that of the trips. */
export const hasOpenEnd = (f: TileFilters): boolean => f.from === undefined || f.to === undefined;

/**
 * How many weeks the figures of cells count. An open end is that of the trips.
 *
 * @param retiredBefore trips of earlier weeks are gone, so these weeks do not count where their counts do not tell enough
 * @returns `weeks`, undefined if there is no trip; `isCut`, whether weeks do not count for that reason
 */
export function countedWeeks(f: TileFilters, known: KnownWeeks, retiredBefore: string | null) {
  const first = f.from === undefined ? known.first : mondayOfDate(f.from);
  const last = f.to === undefined ? known.last : mondayOfDate(f.to);
  const isCut = leavesOutRetired(f) && retiredBefore !== null && first !== null && first < retiredBefore;
  const weeks = first && last ? Math.max(weeksBetween(isCut ? retiredBefore : first, last), 0) : undefined;
  return { weeks, isCut };
}
