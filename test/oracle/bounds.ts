import { type EstimatedAverages, FIGURES, type WeekEstimate } from "./ask.ts";
import type { Expected } from "./brute-force.ts";
import type { TestQuestion } from "./questions.ts";
import type { WeekCount } from "./weeks.ts";

/** Whether an estimate may differ from the exact answer: what the rollups do not know is counted from the trips. */
export const mayDiffer = ({ match, hours, days }: TestQuestion): boolean =>
  !hours && !days && (match === "origin" || match === "destination");

/**
 * Everything that is wrong with an estimate, in words. A week that it does not list has no trips.
 *
 * @param isExact whether what is said of a week must be the exact figure
 */
export function estimateFaults(
  estimates: WeekEstimate[],
  exact: WeekCount[],
  isExact: (week: string) => boolean,
): string[] {
  const counts = new Map(exact.map(({ week, trips }) => [week, trips]));
  const faults = estimates.flatMap(({ week, trips, lower, upper }, i) => {
    const count = counts.get(week) ?? 0;
    counts.delete(week);
    const said = `${week}: ${lower} <= ${trips} <= ${upper}`;
    if (estimates.findIndex((other) => other.week === week) !== i) return [`${said}, a second time`];
    if (![trips, lower, upper].every((n) => Number.isInteger(n) && n >= 0)) return [`${said}, not all of them counts`];
    if (lower > trips || trips > upper) return [`${said} is not so`];
    if (lower > count || count > upper) return [`${said}, but there are ${count}`];
    if (isExact(week) && (lower !== upper || trips !== count)) return [`${said}, where it should be exact`];
    return [];
  });
  return [...faults, ...[...counts].map(([week, count]) => `${week} is not listed, but there are ${count}`)];
}

/** The same for the figures of a whole window, which may be longer than the exact one and encloses it. */
export function averagesFaults(
  said: EstimatedAverages,
  { counts, answer }: Expected,
  isExact: (week: string) => boolean,
  method: "estimate" | "any" = "estimate",
): string[] {
  const weeks = said.weeks.map(({ start, trips, trips_bounds: [lower, upper] }) => ({
    week: start,
    trips,
    lower,
    upper,
  }));
  const faults = estimateFaults(weeks, counts, isExact);
  const isAllExact = weeks.every(({ week }) => isExact(week));
  for (const figure of FIGURES) {
    const [value, lower, upper] = [said[figure], said[`${figure}_lower`], said[`${figure}_upper`]];
    // Without trips there may be no window, and no figure; its bounds then say nothing.
    for (const inside of [value, answer[figure]].filter((n) => n !== null)) {
      const isEnclosed = lower !== null && upper !== null && lower <= inside && inside <= upper;
      if (!isEnclosed) faults.push(`${figure}: ${inside} is not within ${lower} and ${upper}`);
    }
    if (isAllExact && value !== answer[figure]) faults.push(`${figure}: ${value}, not ${answer[figure]}`);
  }
  const sum = weeks.reduce((trips, week) => trips + week.trips, 0);
  if (said.trips !== sum) faults.push(`${said.trips} trips, but the weeks have ${sum}`);
  if (said.weeks_in_window !== weeks.length)
    faults.push(`${said.weeks_in_window} weeks, but ${weeks.length} are listed`);
  const { window } = answer;
  const [from, to] = [said.window_from ?? "9999", said.window_to ?? ""];
  if (window && (from > window.from || to < window.to)) faults.push(`the window is ${from} to ${to}`);
  if (method !== "any" && said.method_used !== method) faults.push(`the method is ${said.method_used}`);
  return faults;
}
