import type { TestCase } from "./ask.ts";
import type { OracleTrip } from "./brute-force.ts";
import { cellsOf, edgeCrosses } from "./edge.ts";
import type { Verdict } from "./judge.ts";
import type { Position } from "./shapes.ts";

/** What was asked, counted. */
export interface Tally {
  cases: number;
  holding: number;
  /** Their edge crosses or touches a finest cell that has trips. */
  holdingAndCut: number;
  withAnswer: number;
  /** Estimates with a week that is not told exactly. */
  estimated: number;
  /** Thrown away, since PostGIS finds the area not valid, or contradicts itself on it. */
  invalid: number;
  undecided: number;
  kinds: Record<string, number>;
}

export const newTally = (): Tally => ({
  cases: 0,
  holding: 0,
  holdingAndCut: 0,
  withAnswer: 0,
  estimated: 0,
  invalid: 0,
  undecided: 0,
  kinds: {},
});

/** Counts one case. */
export function tally(sum: Tally, trips: OracleTrip[], { area, question }: TestCase, verdict: Verdict): void {
  const { inside, expected, reply } = verdict;
  if (!inside.isValid) sum.invalid++;
  else if (!inside.isDecided) sum.undecided++;
  if (!expected) return;
  sum.cases++;
  sum.kinds[area.kind] = (sum.kinds[area.kind] ?? 0) + 1;
  if (expected.answer.trips > 0) sum.withAnswer++;
  const bounds =
    reply?.estimates ??
    [reply?.estimatedAverages].map((one) => ({ lower: one?.trips_lower ?? 0, upper: one?.trips_upper ?? 0 }));
  if (bounds.some(({ lower, upper }) => lower < upper)) sum.estimated++;
  if (expected.inside === 0) return;
  sum.holding++;
  const { origin, destination, both } = cellsWithTrips(trips);
  const cells = question.match === "either" ? both : { origin, destination, both: origin }[question.match];
  if (edgeCrosses(area.polygons, cells)) sum.holdingAndCut++;
}

const known = new WeakMap<OracleTrip[], Record<"origin" | "destination" | "both", Position[]>>();

/** Worked out once for the same trips. */
function cellsWithTrips(trips: OracleTrip[]) {
  const cells = known.get(trips);
  if (cells) return cells;
  const origins = trips.map(({ origin }) => origin);
  const destinations = trips.flatMap(({ destination }) => (destination ? [destination] : []));
  const made = {
    origin: cellsOf(origins),
    destination: cellsOf(destinations),
    both: cellsOf([...origins, ...destinations]),
  };
  known.set(trips, made);
  return made;
}
