/** The first day of the trips, a Monday, and over how many days from there they are spread: 52 weeks. */
export const FIRST_DAY = "2025-01-06";
export const DAYS = 364;

/** The date that lies a number of days after the first. */
export const dateOf = (day: number) => new Date(Date.parse(FIRST_DAY) + day * 86_400_000).toISOString().slice(0, 10);

const WEEKDAYS = [1, 1, 1, 1.05, 1.2, 1.1, 0.8];

/** Numbers of the trips of each day, the first and the one after the last: a little more every week. */
export function tripsOfDays(trips: number): [first: number, end: number][] {
  const weights = Array.from({ length: DAYS }, (_, day) => (WEEKDAYS[day % 7] as number) * (1 + day / 3000));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  let before = 0;
  return weights.map((weight) => {
    const first = Math.round((trips * before) / total);
    before += weight;
    // In the order of the total above, so the last day ends at `trips` exactly.
    return [first, Math.round((trips * before) / total)];
  });
}

/** How many trips begin in each hour, relative to each other: on working days, and at the weekend. */
// biome-ignore format: hours that stand below each other can be compared
const HOURS = [
  [1, 1, 0.5, 0.5, 1, 2, 4, 8, 9, 6, 4, 4, 5, 5, 4, 5, 7, 9, 9, 7, 5, 4, 3, 2],
  [6, 5, 4, 2.5, 1, 1, 1, 2, 3, 4, 5, 6, 6, 6, 6, 6, 6, 6, 7, 7, 6, 6, 7, 7],
] as const;

/** As many entries as this draw an hour: a power of two, so that some bits of a hash draw one. */
export const HOUR_SLOTS = 1024;

export function hoursOf(day: number): number[] {
  const weights = HOURS[day % 7 < 5 ? 0 : 1];
  const total = weights.reduce<number>((sum, weight) => sum + weight, 0);
  let before = 0;
  const ends = weights.map((weight) => {
    before += weight;
    return (HOUR_SLOTS * before) / total;
  });
  return Array.from({ length: HOUR_SLOTS }, (_, slot) => {
    const hour = ends.findIndex((end) => slot < end);
    return hour === -1 ? 23 : hour;
  });
}
