import fc from "fast-check";
import { ACROSS_ANTIMERIDIAN, placeIn, placeNear, SPOT_NAMES } from "./places.ts";
import type { Position } from "./shapes.ts";

/** A trip as it is sent, in the native format. */
export interface SentTrip {
  trip_id: string;
  source: string;
  region?: string;
  started_at: string;
  origin: Position;
  destination?: Position;
  driver_id?: string;
  duration_s?: number;
}

/** What is to be planned: how many trips, and into which of the `MONDAYS` they fall. */
export interface PartSize {
  size: number;
  weeks: number[];
}

export interface TripPlan {
  /** One for each that was asked for; the ids are all different. */
  parts: SentTrip[][];
  /** Where the trips of the first part begin and end, spot by spot. */
  spots: Position[][];
  /** The one of them that lies on both sides of it. */
  antimeridian: Position[];
}

const HOUR = 3_600_000;
const WEEK = 7 * 24 * HOUR;

/** The Mondays of six weeks over a turn of the year that falls into a week, and of six over one that follows a week 53. */
export const MONDAYS = [Date.UTC(2019, 11, 9), Date.UTC(2020, 11, 7)].flatMap((first) =>
  [0, 1, 2, 3, 4, 5].map((i) => first + i * WEEK),
);
export const SOURCES = ["baba_car", "xrides", "Öresund"];
export const REGIONS = SPOT_NAMES;

/** The trips that a seed stands for: the same seed, the same trips. */
export function planTrips(seed: number, sizes: PartSize[]): TripPlan {
  const drafts = fc.sample(fc.noBias(draft), { seed, numRuns: sizes.reduce((sum, { size }) => sum + size, 0) });
  const first = drafts.slice(0, sizes[0]?.size);
  let begin = 0;
  const parts = sizes.map(({ size, weeks }, part) => {
    const planned = drafts.slice(begin, begin + size).map((own, i): SentTrip => {
      // Half of the late ones begin where an earlier one did, which an area may have for a vertex.
      const { origin } = (part > 0 && i % 2 ? first[(begin + i) % first.length] : own) as Draft;
      return {
        trip_id: String(begin + i),
        source: own.source,
        ...(own.region ? { region: own.region } : {}),
        started_at: timeText(MONDAYS[weeks[own.week % weeks.length] as number] as number, own.micros),
        origin,
        ...(own.destination ? { destination: own.destination.at } : {}),
        ...(i % 3 ? { driver_id: `d${i % 7}` } : {}),
        ...(i % 4 ? { duration_s: 60 + (i % 1000) * 0.7 } : {}),
      };
    });
    begin += size;
    return planned;
  });
  const ends = first.flatMap(({ spot, origin, destination }) => [{ spot, at: origin }, destination ?? []].flat());
  const spots = SPOT_NAMES.map((_, i) => ends.filter(({ spot }) => spot === i).map(({ at }) => at));
  return { parts, spots, antimeridian: spots[ACROSS_ANTIMERIDIAN] ?? [] };
}

function timeText(monday: number, micros: number): string {
  const text = new Date(monday + Math.floor(micros / 1000)).toISOString().slice(0, -1);
  return `${text}${String(micros % 1000).padStart(3, "0")}`;
}

interface Place {
  spot: number;
  at: Position;
}

interface Draft {
  spot: number;
  origin: Position;
  destination: Place | undefined;
  /** Of the twelve, from 0. */
  week: number;
  /** Since its Monday. */
  micros: number;
  source: string;
  region: string | undefined;
}

const anySpot = fc.nat(SPOT_NAMES.length - 1);
const placed = (spot: number) => placeIn(spot).map((at): Place => ({ spot, at }));

/** Nowhere, back again, around the corner, within the spot or in another one. */
const destinationOf = ({ spot, at }: Place): fc.Arbitrary<Place | undefined> =>
  fc.oneof(
    { weight: 4, arbitrary: fc.constant(undefined) },
    { weight: 1, arbitrary: fc.constant({ spot, at }) },
    { weight: 5, arbitrary: placeNear(at).map((near) => ({ spot, at: near })) },
    { weight: 7, arbitrary: placed(spot) },
    { weight: 3, arbitrary: anySpot.chain(placed) },
  );

/** Any time of a week, its first and last ones, the first and last ones of an hour. */
const micros = fc.oneof(
  { weight: 12, arbitrary: fc.maxSafeNat().map((n) => n % (WEEK * 1000)) },
  { weight: 1, arbitrary: fc.constantFrom(0, 1, WEEK * 1000 - 1) },
  {
    weight: 2,
    arbitrary: fc
      .tuple(fc.nat(167), fc.boolean())
      .map(([hour, isLast]) => (hour * HOUR + (isLast ? HOUR : 0)) * 1000 - (isLast ? 1 : 0)),
  },
);

/** Mostly the name of the spot, sometimes another one, sometimes none. */
const regionAt = (spot: number): fc.Arbitrary<string | undefined> =>
  fc.oneof(
    { weight: 7, arbitrary: fc.constant(REGIONS[spot]) },
    { weight: 2, arbitrary: fc.constantFrom(...REGIONS) },
    { weight: 1, arbitrary: fc.constant(undefined) },
  );

const draft: fc.Arbitrary<Draft> = anySpot.chain(placed).chain((origin) =>
  fc.record({
    spot: fc.constant(origin.spot),
    origin: fc.constant(origin.at),
    destination: destinationOf(origin),
    week: fc.nat(MONDAYS.length - 1),
    micros,
    source: fc.constantFrom(...SOURCES),
    region: regionAt(origin.spot),
  }),
);
