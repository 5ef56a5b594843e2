import { Random } from "../../src/demo/random.ts";

/**
 * A region as the trips of the areas bench see it: where its city is, in degrees, how far that reaches, in km, and how
 * many of all trips it has, of 100. About where these cities are; sizes and shares are made up: 8 % of all trips are in
 * the largest city itself, 0.6 % in the smallest.
 */
export type Place = readonly [region: string, lon: number, lat: number, km: number, share: number];

export const PLACES: readonly Place[] = [
  ["Madrid", -3.7, 40.42, 14, 12.5],
  ["Milan", 9.19, 45.46, 10, 12],
  ["Berlin", 13.4, 52.52, 15, 11.5],
  ["Warsaw", 21.01, 52.23, 12, 11],
  ["Vienna", 16.37, 48.21, 10, 10.5],
  ["Rome", 12.5, 41.9, 11, 10],
  ["Lyon", 4.84, 45.76, 8, 9],
  ["Munich", 11.58, 48.14, 10, 8],
  ["Prague", 14.43, 50.08, 9, 6.5],
  ["Zurich", 8.54, 47.38, 6, 5],
  ["Turin", 7.68, 45.07, 8, 3],
  ["Ljubljana", 14.51, 46.05, 4, 1],
];

/** A trip begins or ends about a line, mostly a street: from a point, as far as (dx, dy), and scattered by (sx, sy). */
interface Slot {
  region: number;
  x: number;
  y: number;
  dx: number;
  dy: number;
  sx: number;
  sy: number;
}

/** All are drawn alike, so a place has as many as it has trips; a power of two, so that some bits of a hash draw one. */
export const SLOTS = 8192;

export const KM_PER_DEGREE = 111.195;
export const kmPerLon = (lat: number) => KM_PER_DEGREE * Math.cos((lat * Math.PI) / 180);

/**
 * Where trips begin and end, region after region: half of them along streets of the city, 12 % all over it, 35 % in towns
 * around it, the others anywhere. As in real cities most of the land sees few trips.
 */
export function makeSlots(): Slot[] {
  const random = Random.seeded(20_250_106);
  let share = 0;
  return PLACES.flatMap(([, lon, lat, km, ofAll], region) => {
    const first = Math.round((SLOTS * share) / 100);
    share += ofAll;
    const count = Math.round((SLOTS * share) / 100) - first;
    const line = (eastKm: number, northKm: number, lengthKm: number, scatterKm: number): Slot => {
      const angle = random.unit() * 2 * Math.PI;
      const perLon = kmPerLon(lat);
      return {
        region,
        x: lon + eastKm / perLon,
        y: lat + northKm / KM_PER_DEGREE,
        dx: (Math.cos(angle) * lengthKm) / perLon,
        dy: (Math.sin(angle) * lengthKm) / KM_PER_DEGREE,
        sx: scatterKm / perLon,
        sy: scatterKm / KM_PER_DEGREE,
      };
    };
    const within = (reach: number) => (2 * random.unit() - 1) * reach;
    // Few streets see most of the trips, and they lie in the middle.
    const streets = Array.from({ length: 6 * km }, (_, i) => {
      const away = km * (0.1 + (0.4 * i) / (6 * km));
      const [east, north] = [random.normal() * away, random.normal() * away];
      return line(east, north, 0.5 + 2.5 * random.unit(), 0.03 + 0.1 * random.unit());
    });
    const towns = Array.from({ length: 15 }, () => line(within(110), within(90), 2.5, 0.15 + 0.25 * random.unit()));
    return Array.from({ length: count }, (_, i) => {
      const at = (i + 0.5) / count;
      if (at < 0.5) return streets[Math.floor(streets.length * (at / 0.5) ** 2)] as Slot;
      if (at < 0.62) return line(0, 0, 0.5, km / 4);
      if (at < 0.97) return towns[Math.floor((towns.length * (at - 0.62)) / 0.35)] as Slot;
      return line(within(140), within(120), 15, 3);
    });
  });
}
