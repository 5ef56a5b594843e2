import { describe, expect, it } from "vitest";
import type { ListedRegion, Region } from "../../src/regions/region.ts";
import type { WeeklyAnswer } from "../../src/weekly-averages/weekly-averages.ts";
import { call, callJson, corners, polygon, sendNew, trip } from "../harness/api.ts";
import { useService } from "../harness/index.ts";

const service = useService();

const put = <T = Region>(name: string, body: unknown, query = "") =>
  callJson<T>(service, "PUT", `/v1/regions/${encodeURIComponent(name)}${query}`, body);
const get = (name: string) => call<Region>(service, `/v1/regions/${encodeURIComponent(name)}`);
const remove = (name: string) => call(service, `/v1/regions/${encodeURIComponent(name)}`, { method: "DELETE" });
const list = async () => (await call<{ regions: ListedRegion[] }>(service, "/v1/regions")).body.regions;
const inBoundary = async (name: string) =>
  (await call<WeeklyAnswer>(service, `/v1/weekly-averages?boundary=${encodeURIComponent(name)}`)).body.trips;

const box = polygon(corners(10, 50, 11, 51));

describe("a region", () => {
  it("is new with a 201, changed with a 200, and then given as it is", async () => {
    expect(await put("Köln/Süd", { boundary: box, time_zone: "Europe/Berlin" })).toMatchObject({
      status: 201,
      body: { name: "Köln/Süd", time_zone: "Europe/Berlin", has_trips: false, boundary: { type: "MultiPolygon" } },
    });
    const changed = await put("Köln/Süd", { boundary: polygon(corners(12, 50, 13, 51)) });
    expect(changed.status).toBe(200);
    const { body } = await get("Köln/Süd");
    expect(body).toEqual(changed.body);
    expect([body.time_zone, body.boundary?.coordinates]).toEqual([
      "Europe/Berlin",
      [
        [
          [
            [12, 50],
            [13, 50],
            [13, 51],
            [12, 51],
            [12, 50],
          ],
        ],
      ],
    ]);
  });

  it("keeps what is left out", async () => {
    await put("Kept", { boundary: box, time_zone: "Asia/Kolkata" });
    await put("Kept", { time_zone: "Europe/Rome" });
    await put("Kept", { boundary: null });
    expect((await get("Kept")).body).toMatchObject({ time_zone: "Europe/Rome", boundary: { type: "MultiPolygon" } });
  });

  it("keeps every digit of its boundary", async () => {
    const odd = polygon([
      [7.672837913286881, 44.9957109242058],
      [7.7, 44.9],
      [7.720368637535126, 45.06782385393849],
    ]);
    await put("Digits", odd);
    expect((await get("Digits")).body.boundary?.coordinates).toEqual([odd.coordinates]);
  });

  it("may be GeoJSON by itself, with its time zone as a parameter", async () => {
    const bare = { type: "Feature", properties: {}, geometry: box };
    const { status, body } = await put("Bare", bare, "?time_zone=Asia/Kolkata");
    expect([status, body.time_zone, body.boundary?.type]).toEqual([201, "Asia/Kolkata", "MultiPolygon"]);
  });

  it("may be a FeatureCollection, whose members are united: a trip in two of them counts once", async () => {
    const parts = [corners(20, 50, 22, 52), corners(21, 51, 23, 53), corners(30, 50, 31, 51)];
    const features = parts.map((ring) => ({ type: "Feature", properties: null, geometry: polygon(ring) }));
    await put("United", { type: "FeatureCollection", features });
    expect((await get("United")).body.boundary?.coordinates).toHaveLength(2);
    const inside = [
      [20.5, 50.5],
      [21.5, 51.5],
      [22.5, 52.5],
      [30.5, 50.5],
    ];
    const outside = [
      [20.5, 52.5],
      [25, 51],
      [22.5, 50.5],
    ];
    await sendNew(
      service,
      [...inside, ...outside].map((origin) => trip({ source: "united", origin })),
    );
    expect(await inBoundary("United")).toBe(4);
  });

  it("is listed by name, also if only trips tell of it", async () => {
    await sendNew(service, [trip({ source: "told", region: "Told by trips" })]);
    await put("Listed", { boundary: box });
    await put("Empty", { time_zone: "Europe/Rome" });
    const regions = await list();
    expect(regions.map(({ name }) => name)).toEqual(regions.map(({ name }) => name).toSorted());
    expect(regions).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ name: "Told by trips", has_boundary: false, has_trips: true, time_zone: "UTC" }),
        expect.objectContaining({ name: "Listed", has_boundary: true, has_trips: false, time_zone: "UTC" }),
        expect.objectContaining({ name: "Empty", has_boundary: false, time_zone: "Europe/Rome" }),
      ]),
    );
  });

  it("without trips is gone once it is deleted", async () => {
    await put("Gone", { boundary: box, time_zone: "Asia/Kolkata" });
    expect((await remove("Gone")).status).toBe(204);
    expect((await get("Gone")).status).toBe(404);
    expect((await remove("Gone")).status).toBe(404);
    expect((await list()).some(({ name }) => name === "Gone")).toBe(false);
    expect((await put("Gone", {})).body).toMatchObject({ time_zone: "UTC", boundary: null });
  });

  it("with trips loses its boundary, and keeps the time zone that their local times came from", async () => {
    await put("Stays", { boundary: box, time_zone: "Asia/Kolkata" });
    await sendNew(service, [trip({ source: "stays", region: "Stays" })]);
    expect((await remove("Stays")).status).toBe(204);
    expect((await get("Stays")).body).toMatchObject({ is_defined: false, boundary: null });
    expect((await list()).find(({ name }) => name === "Stays")).toMatchObject({
      time_zone: "Asia/Kolkata",
      has_boundary: false,
      has_trips: true,
    });
    expect((await put("Stays", { time_zone: "Europe/Rome" })).status).toBe(409);
    expect((await call(service, "/v1/trips/count?by=region&region=Stays")).body).toMatchObject({ total: 1 });
  });
});

describe("a region is refused with", () => {
  const bowTie = polygon([
    [0, 0],
    [2, 2],
    [2, 0],
    [0, 2],
  ]);

  it.each<[string, unknown, number, string, object]>([
    ["an unknown time zone", { time_zone: "Mars/Olympus" }, 400, "invalid_parameter", {}],
    ["an abbreviation, which has no summer", { time_zone: "CET" }, 400, "invalid_parameter", {}],
    ["a self-crossing boundary", { boundary: bowTie }, 422, "invalid_area", { at: [1, 1] }],
    [
      "an open ring",
      { boundary: { type: "Polygon", coordinates: [corners(0, 0, 1, 1)] } },
      422,
      "invalid_area",
      { at: [0, 1] },
    ],
    ["no GeoJSON", { boundary: "no area" }, 422, "invalid_area", { errors: [{ field: "boundary" }] }],
    ["a point", { type: "Point", coordinates: [1, 2] }, 422, "invalid_area", { errors: [{ field: "body.type" }] }],
    ["an unknown member", { bounday: box }, 400, "invalid_body", { errors: [{ field: "bounday" }] }],
    ["a list", [box], 400, "invalid_body", {}],
  ])("%s, and is not stored", async (_, body, status, code, more) => {
    const reply = await put<object>("Refused", body);
    expect(reply.status).toBe(status);
    expect(reply.body).toMatchObject({ code, ...more });
    expect((await list()).some(({ name }) => name === "Refused")).toBe(false);
  });

  it("a name that cannot be one", async () => {
    for (const name of [" ", "x".repeat(201), "a\0"]) expect((await put(name, {})).status).toBe(400);
  });

  it("an unknown parameter", async () => {
    expect((await put("Refused", box, "?timezone=Europe/Rome")).status).toBe(400);
  });
});

it("a boundary that is not there cannot be asked about", async () => {
  await put("No boundary", { time_zone: "Europe/Rome" });
  for (const name of ["No boundary", "Nobody"]) {
    const reply = await call(service, `/v1/weekly-averages?boundary=${encodeURIComponent(name)}`);
    expect([reply.status, reply.body.code]).toEqual([404, "not_found"]);
    expect((await call(service, `/v1/trips?boundary=${encodeURIComponent(name)}`)).status).toBe(404);
  }
});
