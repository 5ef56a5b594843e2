import { describe, expect, it } from "vitest";
import { CITIES } from "../../src/demo/cities.ts";
import { generateTrips } from "../../src/demo/generate.ts";
import type { Point } from "../../src/geo/point.ts";
import type { Trip } from "../../src/trips/trip.ts";
import { isInside, OUTLINES } from "./outline.ts";

const TRIPS = [...generateTrips({ seed: 11, trips: 40_000, from: "2024-04-01", weeks: 4 })];
const FINISHED = TRIPS.filter((trip): trip is Trip & { destination: Point } => trip.destination !== undefined);

/** Metres between two points as the crow flies, by the haversine formula: not the way the generator measures. */
function metres([lon1, lat1]: Point, [lon2, lat2]: Point): number {
  const rad = Math.PI / 180;
  const a =
    Math.sin(((lat2 - lat1) * rad) / 2) ** 2 +
    Math.cos(lat1 * rad) * Math.cos(lat2 * rad) * Math.sin(((lon2 - lon1) * rad) / 2) ** 2;
  return 2 * 6_371_000 * Math.asin(Math.sqrt(a));
}

const mean = (numbers: number[]) => numbers.reduce((sum, n) => sum + n, 0) / numbers.length;

describe.each(OUTLINES)("trips of $name", ({ name, ring }) => {
  const trips = TRIPS.filter((trip) => trip.region === name);
  const [lon = 0, lat = 0] = CITIES.find((city) => city.name === name)?.spots[0] ?? [];
  const centre: Point = [lon, lat];

  it("begin inside the outline, most of them, but not all", () => {
    const share = trips.filter((trip) => isInside(ring, trip.origin)).length / trips.length;
    expect(share).toBeGreaterThan(0.88);
    expect(share).toBeLessThan(0.99);
  });

  it("gather in hot spots: a tenth of the grid holds most of them", () => {
    const cells = new Map<string, number>();
    const lons = ring.map((point) => point[0]);
    const lats = ring.map((point) => point[1]);
    const [west, south] = [Math.min(...lons), Math.min(...lats)];
    const [width, height] = [Math.max(...lons) - west, Math.max(...lats) - south];
    for (const { origin } of trips) {
      const [column, row] = [(origin[0] - west) / width, (origin[1] - south) / height];
      const cell = `${Math.floor(column * 20)} ${Math.floor(row * 20)}`;
      cells.set(cell, (cells.get(cell) ?? 0) + 1);
    }
    const fullest = [...cells.values()].sort((a, b) => b - a).slice(0, 40);
    expect(fullest.reduce((sum, n) => sum + n, 0) / trips.length).toBeGreaterThan(0.5);
  });

  it("go towards the centre in the morning of working days, and back in the evening", () => {
    const nearing = (hours: RegExp) => {
      const working = FINISHED.filter(({ region, startedAt: { text } }) => {
        const day = new Date(text.slice(0, 10)).getUTCDay();
        return region === name && day >= 1 && day <= 5 && hours.test(text);
      });
      return mean(working.map((trip) => metres(trip.origin, centre) - metres(trip.destination, centre)));
    };
    expect(nearing(/T0[789]/)).toBeGreaterThan(300);
    expect(nearing(/T1[678]/)).toBeLessThan(-300);
  });
});

describe("a finished trip", () => {
  it("is at least as long as the straight line, and not twice as long", () => {
    for (const trip of FINISHED) {
      const straight = metres(trip.origin, trip.destination);
      expect(trip.distanceM).toBeGreaterThanOrEqual(straight);
      expect(trip.distanceM).toBeLessThan(2 * straight + 300);
    }
  });

  it("ends when its duration says, also past midnight", () => {
    for (const { startedAt, endedAt, durationS } of FINISHED) {
      expect(Date.parse(`${endedAt?.text}Z`) - Date.parse(`${startedAt.text}Z`)).toBe((durationS ?? 0) * 1000);
    }
    expect(FINISHED.some((trip) => trip.endedAt?.text.slice(0, 10) !== trip.startedAt.text.slice(0, 10))).toBe(true);
  });

  it("is driven at a speed that a car has in a city", () => {
    const kmh = FINISHED.filter((trip) => (trip.distanceM ?? 0) > 2000).map(
      ({ distanceM = 0, durationS = 1 }) => (distanceM / durationS) * 3.6,
    );
    expect(Math.min(...kmh)).toBeGreaterThan(5);
    expect(Math.max(...kmh)).toBeLessThan(90);
    expect(mean(kmh)).toBeGreaterThan(15);
    expect(mean(kmh)).toBeLessThan(40);
  });

  it("has coordinates of at most 6 decimals", () => {
    for (const { origin, destination } of FINISHED) {
      for (const degrees of [...origin, ...destination]) expect(Number(degrees.toFixed(6))).toBe(degrees);
    }
  });

  it("belongs to a driver who keeps to one source, one city and one vehicle", () => {
    const seen = new Map<string, string>();
    for (const { driverId = "", source, region, vehicleModel } of FINISHED) {
      const facts = [source, region, vehicleModel].join();
      expect(seen.get(driverId) ?? facts).toBe(facts);
      seen.set(driverId, facts);
    }
  });
});
