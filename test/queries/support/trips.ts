import fc from "fast-check";

/** A trip as the test sends it: what the naive evaluation knows. */
export interface SentTrip {
  trip_id: string;
  source: string;
  region?: string;
  started_at: string;
  origin: [number, number];
  destination?: [number, number];
  duration_s?: number;
  distance_m?: number;
  driver_id?: string;
  rider_id?: string;
  vehicle_model?: string;
  attributes?: Record<string, unknown>;
}

/** Two Mondays: five weeks around a turn of years; ISO's begins on 30 December. */
const FIRST = Date.parse("2024-12-16T00:00:00Z");
const MINUTES = 5 * 7 * 24 * 60;

/** Points end in 3 and the edges of areas do not, so that none is on an edge. */
const near = (west: number, south: number) =>
  fc
    .tuple(fc.integer({ min: 0, max: 1200 }), fc.integer({ min: 0, max: 800 }))
    .map(([x, y]): [number, number] => [
      Number((((west + x / 10_000 + 0.00003 + 180) % 360) - 180).toFixed(5)),
      Number((south + y / 10_000 + 0.00003).toFixed(5)),
    ]);
const points = fc.oneof(
  { weight: 8, arbitrary: near(7.6, 45.03) },
  { weight: 1, arbitrary: near(9.1, 45.4) },
  { weight: 1, arbitrary: near(179.93, -17) },
);
const maybe = <T>(arbitrary: fc.Arbitrary<T>, freq = 4) => fc.option(arbitrary, { nil: undefined, freq });

const attributes = fc.record(
  {
    fare: fc.oneof(
      fc.integer({ min: -8, max: 200 }).map((n) => n / 4),
      fc.constantFrom<unknown>("12", null, true, "n/a"),
    ),
    weather: fc.constantFrom<unknown>("rain", "sun", "SUN", "", 7, false, "=1+1"),
    'it\'s "odd"': fc.constantFrom<unknown>("x", true),
  },
  { requiredKeys: [] },
);

/** Trips with many values alike and some of all missing. */
export function tripsOf(seed: number, count: number, prefix: string): SentTrip[] {
  const arbitrary = fc.record({
    source: fc.constantFrom("a", "b", "B"),
    region: maybe(fc.constantFrom("Turin", "Turin", "Milan", "Zürich")),
    minute: fc.integer({ min: 0, max: MINUTES - 1 }),
    origin: points,
    destination: maybe(points),
    duration_s: maybe(fc.integer({ min: 0, max: 3600 })),
    distance_m: maybe(fc.integer({ min: 0, max: 40_000 }).map((n) => n / 2)),
    driver_id: maybe(fc.constantFrom("d1", "d2", "d3", "-d4", "D5")),
    rider_id: maybe(fc.constantFrom("r1", "r2"), 1),
    vehicle_model: maybe(fc.constantFrom("m1", "m2"), 1),
    attributes: maybe(attributes),
  });
  return fc.sample(arbitrary, { seed, numRuns: count }).map(({ minute, ...one }, i) => ({
    ...JSON.parse(JSON.stringify(one)),
    trip_id: `${prefix}${i}`,
    started_at: new Date(FIRST + minute * 60_000).toISOString().slice(0, 19),
  }));
}
