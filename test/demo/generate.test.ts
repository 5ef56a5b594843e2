import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { generateTrips } from "../../src/demo/generate.ts";
import type { Trip } from "../../src/trips/trip.ts";
import { OUTLINES } from "./outline.ts";

const OPTIONS = { seed: 7, trips: 40_000, from: "2024-01-01", weeks: 8 };
const TRIPS = [...generateTrips(OPTIONS)];

const atUtc = (text: string | undefined) => Date.parse(`${text}Z`);
const hourOf = (trip: Trip) => Number(trip.startedAt.text.slice(11, 13));
/** Monday is 1. */
const dayOf = (trip: Trip) => new Date(atUtc(trip.startedAt.text)).getUTCDay() || 7;
const weekOf = (trip: Trip) => Math.floor((atUtc(trip.startedAt.text) - Date.parse(OPTIONS.from)) / (7 * 86_400_000));

describe("the same options", () => {
  it("give the same trips", () => {
    expect([...generateTrips({ ...OPTIONS, trips: 5000 })]).toEqual([...generateTrips({ ...OPTIONS, trips: 5000 })]);
  });

  it("give the same trips on every machine, which only an intended change of this test may alter", () => {
    expect(createHash("sha256").update(JSON.stringify(TRIPS)).digest("hex")).toBe(
      "5302a73faa53e6b9ba17cba86e2975859e04df8c74943a8b2b83dfc81adfb01d",
    );
  });

  it("give others with another seed", () => {
    const others = [...generateTrips({ ...OPTIONS, seed: 8 })];
    const origins = new Set(TRIPS.map((trip) => String(trip.origin)));
    expect(others.filter((trip) => origins.has(String(trip.origin))).length).toBeLessThan(OPTIONS.trips / 100);
  });
});

describe("how many", () => {
  it.each([0, 1, 3, 7, 999, 12_345])("exactly %i", (trips) => {
    expect([...generateTrips({ ...OPTIONS, trips, weeks: 13 })]).toHaveLength(trips);
  });

  it("they have ids of their own", () => {
    expect(new Set(TRIPS.map((trip) => trip.tripId)).size).toBe(OPTIONS.trips);
  });

  it("about one in five has no destination, and then nothing that follows from one", () => {
    const without = TRIPS.filter((trip) => !trip.destination);
    expect(without.length / TRIPS.length).toBeGreaterThan(0.19);
    expect(without.length / TRIPS.length).toBeLessThan(0.23);
    for (const trip of without)
      expect([trip.endedAt, trip.distanceM, trip.durationS]).toEqual(Array(3).fill(undefined));
  });

  it("cities differ in size", () => {
    const sizes = OUTLINES.map(({ name }) => TRIPS.filter((trip) => trip.region === name).length);
    expect(sizes.reduce((sum, size) => sum + size)).toBe(OPTIONS.trips);
    expect(Math.min(...sizes)).toBeGreaterThan(OPTIONS.trips / 10);
    expect(Math.max(...sizes)).toBeGreaterThan(1.5 * Math.min(...sizes));
  });

  it.each([
    { from: "2024-01-02" },
    { from: "2024-02-30" },
    { from: "1 Jan 2024" },
    { trips: -1 },
    { weeks: 0 },
    { seed: 0.5 },
  ])("refuses %j", (wrong) => {
    expect(() => generateTrips({ ...OPTIONS, ...wrong }).next()).toThrow(RangeError);
  });
});

describe("when", () => {
  it("is within the weeks, and week follows week", () => {
    const weeks = TRIPS.map(weekOf);
    expect(weeks).toEqual(weeks.toSorted((a, b) => a - b));
    expect([...new Set(weeks)]).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  });

  it("grows over the year", () => {
    const year = [...generateTrips({ ...OPTIONS, weeks: 104 })].map(weekOf);
    expect(year.filter((week) => week >= 52).length).toBeGreaterThan(1.03 * year.filter((week) => week < 52).length);
  });

  it("peaks in the morning and in the evening of working days, not at the weekend", () => {
    const perHour = (days: number[], hours: number[]) =>
      TRIPS.filter((trip) => days.includes(dayOf(trip)) && hours.includes(hourOf(trip))).length / hours.length;
    const working = [1, 2, 3, 4, 5];
    const weekend = [6, 7];
    const noon = perHour(working, [11, 12, 13, 14]);
    expect(perHour(working, [7, 8, 9])).toBeGreaterThan(2 * noon);
    expect(perHour(working, [16, 17, 18])).toBeGreaterThan(2 * noon);
    expect(perHour(weekend, [7, 8, 9])).toBeLessThan(perHour(weekend, [11, 12, 13, 14]));
    expect(perHour(weekend, [0, 1, 2])).toBeGreaterThan(3 * perHour(working, [0, 1, 2]));
  });

  it("never falls into a night when clocks change, where they do", () => {
    const night = /^2024-03-31T0[0-2]/;
    const trips = [...generateTrips({ ...OPTIONS, from: "2024-03-25", weeks: 1 })];
    const regions = trips.filter((trip) => night.test(trip.startedAt.text)).map((trip) => trip.region);
    expect([...new Set(regions)]).toEqual(["Bengaluru"]);
    expect(trips.some((trip) => trip.region === "Turin" && trip.startedAt.text.startsWith("2024-03-31T03"))).toBe(true);
  });
});
