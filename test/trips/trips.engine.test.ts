import { beforeAll, describe, expect, it } from "vitest";
import type { StoredTrip } from "../../src/trips/trip.ts";
import { call, callJson, corners, geohash, polygon, sendNew, trip } from "../harness/api.ts";
import { useService } from "../harness/index.ts";

const service = useService();

const list = async (query: string) =>
  (await call<{ trips: StoredTrip[]; next_cursor: string | null }>(service, `/v1/trips?${query}`)).body;

describe("the list of trips", () => {
  beforeAll(async () => {
    const at = (trip_id: string, started_at: string, more = {}) =>
      trip({ source: "list", trip_id, started_at, ...more });
    await sendNew(service, [
      at("a", "2018-05-20T23:59:59", { region: "Turin" }),
      at("b", "2018-05-21T00:00:00", { region: "Turin", origin: [0.5, 0.5] }),
      at("c", "2018-05-21T23:59:59.999999", { region: "Prague", destination: [0.5, 0.5] }),
      at("d", "2018-05-22T00:00:00", { origin: [0.5, 0.5], destination: [0.6, 0.6] }),
      at("e", "2018-05-23T12:00:00", { source: "list 2", region: "Turin" }),
    ]);
    await callJson(service, "PUT", "/v1/regions/Unit", { boundary: polygon(corners(0, 0, 1, 1)) });
  });

  it.each([
    ["source=list", "d c b a"],
    ["source=list 2", "e"],
    ["region=Turin", "e b a"],
    ["region=Turin&source=list", "b a"],
    ["source=list&date=2018-05-21", "c b"],
    ["source=list&from=2018-05-21", "d c b"],
    ["source=list&to=2018-05-21", "c b a"],
    ["source=list&from=2018-05-21&to=2018-05-22", "d c b"],
    ["source=list&bbox=0,0,1,1", "d b"],
    ["source=list&bbox=0,0,1,1&match=destination", "d c"],
    ["source=list&bbox=0,0,1,1&match=both", "d"],
    ["source=list&bbox=0,0,1,1&match=either", "d c b"],
    ["source=list&boundary=Unit&match=either&date=2018-05-22", "d"],
    ["source=list&date=2018-07-01", ""],
  ])("%s: %s, newest first", async (query, ids) => {
    const { trips, next_cursor } = await list(query);
    expect([trips.map(({ trip_id }) => trip_id).join(" "), next_cursor]).toEqual([ids, null]);
    const { body } = await call<{ total: number }>(service, `/v1/trips/count?by=source&${query}`);
    expect(body.total).toBe(trips.length);
  });

  it("shows each trip as it is shown alone", async () => {
    const { trips } = await list("source=list&limit=1");
    expect(trips).toEqual([(await call(service, "/v1/trips/list/d")).body]);
  });
});

describe("one trip", () => {
  it("comes out with all that it carries", async () => {
    const full = {
      trip_id: "full/1 ä",
      source: "full",
      region: "Full",
      started_at: "2018-05-21T02:54:04+02:00",
      ended_at: "2018-05-21T03:54:04.5+02:00",
      booked_at: "2018-05-20T12:00:00",
      distance_m: 1234.5,
      origin: [7.672837913286881, 44.9957109242058],
      destination: { type: "Point", coordinates: [7.720368637535126, 45.06782385393849] },
      driver_id: "d9",
      rider_id: "r1",
      vehicle_model: "Panda",
      attributes: { deep: { list: [1, "two", null, true] }, text: "ü" },
    };
    await sendNew(service, [full]);
    expect((await call(service, `/v1/trips/full/${encodeURIComponent(full.trip_id)}`)).body).toEqual({
      ...full,
      local_time: "2018-05-21T00:54:04",
      started_at: "2018-05-21T00:54:04Z",
      ended_at: "2018-05-21T01:54:04.5Z",
      booked_at: "2018-05-20T12:00:00Z",
      duration_s: 3600.5,
      destination: full.destination.coordinates,
      origin_cell: geohash(7.672837913286881, 44.9957109242058),
      destination_cell: geohash(7.720368637535126, 45.06782385393849),
    });
  });

  it("lacks what it was not sent with", async () => {
    await sendNew(service, [trip({ source: "bare", trip_id: "a" })]);
    expect((await call(service, "/v1/trips/bare/a")).body).toMatchObject({
      region: null,
      ended_at: null,
      booked_at: null,
      duration_s: null,
      distance_m: null,
      destination: null,
      destination_cell: null,
      attributes: {},
    });
  });

  it("is not found where there is none", async () => {
    for (const path of ["bare/b", "nobody/a", "bare/%00"]) {
      const { status, body } = await call(service, `/v1/trips/${path}`);
      expect([status, body.code]).toEqual([404, "not_found"]);
    }
  });
});
