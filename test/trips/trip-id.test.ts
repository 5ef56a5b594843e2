import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Trip } from "../../src/trips/trip.ts";
import { canonical, withId } from "../../src/trips/trip-id.ts";

const trip: Trip = {
  tripId: undefined,
  source: "s",
  region: undefined,
  startedAt: { kind: "naive", text: "2018-05-21T02:54:04" },
  endedAt: undefined,
  bookedAt: undefined,
  durationS: undefined,
  distanceM: undefined,
  origin: [7.67, 44.99],
  destination: undefined,
  driverId: undefined,
  riderId: undefined,
  vehicleModel: undefined,
  attributes: { a: 1, b: { c: [1, 2], d: null } },
};

describe("the id of a trip", () => {
  it("is the sender's own where there is one", () => {
    expect(withId({ ...trip, tripId: "a1" }).tripId).toBe("a1");
    expect(withId({ ...trip, tripId: "a1" }, "batch/1").tripId).toBe("a1");
  });

  it("never changes for the same content, or stored trips would come again as new ones", () => {
    expect(withId(trip).tripId).toBe("kV0zLhrwUmyGXyMrKzoe6A");
  });

  it("does not depend on the order in which fields were sent", () => {
    const reordered: Trip = {
      ...Object.fromEntries(Object.entries(trip).reverse()),
      attributes: { b: { d: null, c: [1, 2] }, a: 1 },
    } as unknown as Trip;
    expect(withId(reordered).tripId).toBe(withId(trip).tripId);
  });

  it.each<[string, Partial<Trip>]>([
    ["source", { source: "t" }],
    ["region", { region: "Turin" }],
    ["time", { startedAt: { kind: "naive", text: "2018-05-21T02:54:05" } }],
    ["kind of time", { startedAt: { kind: "instant", text: "2018-05-21T02:54:04" } }],
    ["origin", { origin: [7.67, 45] }],
    ["destination", { destination: [7.67, 45] }],
    ["driver", { driverId: "d" }],
    ["attributes", { attributes: { a: 1, b: { c: [2, 1], d: null } } }],
    ["lack of attributes", { attributes: undefined }],
  ])("is another one for another %s", (_, change) => {
    expect(withId({ ...trip, ...change }).tripId).not.toBe(withId(trip).tripId);
  });

  it("is another one for each row where rows are told apart", () => {
    const ids = [withId(trip), withId(trip, "b/1"), withId(trip, "b/2"), withId(trip, "c/1")].map((t) => t.tripId);
    expect(new Set(ids).size).toBe(4);
  });

  it("can be part of a path without escapes", () => {
    expect(withId(trip).tripId).toMatch(/^[A-Za-z0-9_-]{22}$/);
  });
});

describe("canonical JSON", () => {
  it("is JSON of the same value", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(JSON.parse(canonical(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  it("has sorted keys and no undefined members", () => {
    expect(canonical({ b: 1, a: { d: undefined, c: [true, null] } })).toBe('{"a":{"c":[true,null]},"b":1}');
  });
});
