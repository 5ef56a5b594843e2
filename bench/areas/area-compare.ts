import type { Answer } from "./area-ask.ts";
import type { PeerCounts } from "./area-peers.ts";

/** How many figures of an exact answer, its total and each week's, are not what a peer counted. */
export function mismatches(exact: Answer, counted: PeerCounts): number {
  const weeks = new Set([...exact.weeks.keys(), ...counted.keys()]);
  const total = [...counted.values()].reduce((sum, trips) => sum + trips, 0);
  let wrong = exact.trips === total ? 0 : 1;
  for (const week of weeks) if ((exact.weeks.get(week)?.trips ?? 0) !== (counted.get(week) ?? 0)) wrong++;
  return wrong;
}

/** How many exact figures lie outside the bounds that the estimate gave; a week that it does not list has none. */
export function boundViolations(estimate: Answer, exact: Answer): number {
  const holds = (trips: number, bounds = { trips: 0, lower: 0, upper: 0 }) =>
    bounds.lower <= trips && trips <= bounds.upper && bounds.lower <= bounds.trips && bounds.trips <= bounds.upper;
  let wrong = holds(exact.trips, estimate) ? 0 : 1;
  for (const week of new Set([...exact.weeks.keys(), ...estimate.weeks.keys()])) {
    if (!holds(exact.weeks.get(week)?.trips ?? 0, estimate.weeks.get(week))) wrong++;
  }
  return wrong;
}

/** How far an estimate is off, relative to the exact total. Undefined for an area without trips. */
export const errorOf = (estimate: Answer, exact: Answer) =>
  exact.trips > 0 ? Math.abs(estimate.trips - exact.trips) / exact.trips : undefined;
