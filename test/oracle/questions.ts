import fc from "fast-check";
import { MONDAYS, REGIONS, SOURCES } from "./trips.ts";

/** What is asked about an area. */
export interface TestQuestion {
  match: "origin" | "destination" | "both" | "either";
  source?: string;
  region?: string;
  from?: string;
  to?: string;
  /** First and last of each range, both included; a range may run over midnight, or over Sunday. */
  hours?: [number, number][];
  /** The same, Monday is 0. */
  days?: [number, number][];
}

const DAY = 86_400_000;

/** From before the first trip to after the last one. */
const date = fc
  .tuple(fc.constantFrom(...MONDAYS), fc.integer({ min: -8, max: 14 }))
  .map(([monday, day]) => new Date(monday + day * DAY).toISOString().slice(0, 10));
const inOrder = fc.tuple(date, date).map((dates) => dates.sort());

const ranges = (size: number) => fc.array(fc.tuple(fc.nat(size - 1), fc.nat(size - 1)), { minLength: 1, maxLength: 3 });

/** As `fc.option`, but absent unless one in `n` times. */
const oneIn = <T>(n: number, arbitrary: fc.Arbitrary<T>) =>
  fc.oneof({ weight: n - 1, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary });

export const questions: fc.Arbitrary<TestQuestion> = fc
  .record({
    match: fc.constantFrom("origin", "destination", "both", "either"),
    source: oneIn(4, fc.constantFrom(...SOURCES, "nobody")),
    region: oneIn(5, fc.constantFrom(...REGIONS, "nowhere")),
    window: fc.oneof(
      { weight: 3, arbitrary: fc.constant([undefined, undefined]) },
      { weight: 2, arbitrary: inOrder },
      { weight: 1, arbitrary: date.map((from) => [from, undefined]) },
      { weight: 1, arbitrary: date.map((to) => [undefined, to]) },
    ),
    hours: oneIn(4, ranges(24)),
    days: oneIn(4, ranges(7)),
  })
  .map(({ window: [from, to], ...rest }) => {
    const given = Object.entries({ ...rest, from, to }).filter(([, value]) => value !== undefined);
    return Object.fromEntries(given) as unknown as TestQuestion;
  });

/** The members of ranges that may run over the end. */
export function members(given: [number, number][], size: number): number[] {
  const isIn = (i: number) => given.some(([a, b]) => (a <= b ? a <= i && i <= b : a <= i || i <= b));
  return Array.from({ length: size }, (_, i) => i).filter(isIn);
}

const DAY_NAMES = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const rangeText = (name: (i: number) => unknown) => (given: [number, number][]) =>
  given.map(([a, b]) => (a === b ? name(a) : `${name(a)}-${name(b)}`)).join(",");

export const hoursText = rangeText((hour) => hour);
export const daysText = rangeText((day) => DAY_NAMES[day]);
