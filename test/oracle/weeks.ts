/** Weeks and averages, worked out from the calendar. Days are `YYYY-MM-DD`, or a local time that begins so. */
export interface WeekCount {
  /** Its Monday. */
  week: string;
  trips: number;
}

export interface Answer {
  window: { from: string; to: string } | null;
  trips: number;
  weeks_in_window: number;
  average: number | null;
  weeks_with_trips: number;
  average_over_weeks_with_trips: number | null;
  method: string;
  weeks: { week: string; start: string; trips: number }[];
}

const DAY = 86_400_000;
const WEEK = 7 * DAY;
const dayOf = (time: string) => Date.parse(`${time.slice(0, 10)}T00:00:00Z`);
const dateText = (ms: number) => new Date(ms).toISOString().slice(0, 10);
/** Monday is 0; 1970 began on a Thursday. */
export const weekdayOf = (time: string) => (((dayOf(time) / DAY + 3) % 7) + 7) % 7;
export const mondayOf = (time: string) => dateText(dayOf(time) - weekdayOf(time) * DAY);

const mondaysFrom = (first: string, last: string) =>
  Array.from({ length: (dayOf(last) - dayOf(first)) / WEEK + 1 }, (_, i) => dateText(dayOf(first) + i * WEEK));

/** Weeks are numbered so that the first one of a year holds its January 4th. */
function weekName(monday: string): string {
  const thursday = dateText(dayOf(monday) + 3 * DAY);
  const year = thursday.slice(0, 4);
  const weeks = (dayOf(monday) - dayOf(mondayOf(`${year}-01-04`))) / WEEK;
  return `${year}-W${String(weeks + 1).padStart(2, "0")}`;
}

/** The answer that these weeks make, in order, for a window that opens and closes with the weeks of these Mondays. */
export function answerOf(counts: WeekCount[], first: string | undefined, last: string | undefined): Answer {
  const opens = first ?? counts[0]?.week ?? last;
  const closes = last ?? counts.at(-1)?.week ?? first;
  const mondays = opens && closes ? mondaysFrom(opens, closes) : [];
  const weeks = mondays.map((start) => {
    return { week: weekName(start), start, trips: counts.find(({ week }) => week === start)?.trips ?? 0 };
  });
  const trips = counts.reduce((sum, count) => sum + count.trips, 0);
  return {
    window: opens && closes ? { from: opens, to: dateText(dayOf(closes) + WEEK) } : null,
    trips,
    weeks_in_window: weeks.length,
    average: weeks.length ? trips / weeks.length : null,
    weeks_with_trips: counts.length,
    average_over_weeks_with_trips: counts.length ? trips / counts.length : null,
    method: "exact",
    weeks,
  };
}
