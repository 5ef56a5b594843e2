import { beforeAll, describe, expect, it } from "vitest";
import type { WeeklyAnswer } from "../../src/weekly-averages/weekly-averages.ts";
import { call, callJson, corners, polygon, sendNew, trip } from "../harness/api.ts";
import { useService } from "../harness/index.ts";

const service = useService();

type Position = [number, number];

/** How many trips of a source begin in a box or in an area. */
const inBox = async (source: string, bbox: string, more = "") =>
  (await call<WeeklyAnswer>(service, `/v1/weekly-averages?source=${source}&bbox=${bbox}${more}`)).body.trips;
const inArea = async (source: string, area: object, more = {}) =>
  (await callJson<WeeklyAnswer>(service, "POST", "/v1/weekly-averages", { area, source, ...more })).body.trips;

const from = (source: string, origins: Position[]) =>
  sendNew(
    service,
    origins.map((origin, i) => trip({ source, origin, trip_id: `${i}` })),
  );

describe("match", () => {
  const [inside, outside]: Position[] = [
    [7.65, 45.05],
    [9.19, 45.46],
  ];

  beforeAll(async () => {
    const ends: [string, Position, Position | null][] = [
      ["both", inside as Position, inside as Position],
      ["out", inside as Position, outside as Position],
      ["in", outside as Position, inside as Position],
      ["neither", outside as Position, outside as Position],
      ["only begins", inside as Position, null],
      ["elsewhere", outside as Position, null],
    ];
    await sendNew(
      service,
      ends.map(([trip_id, origin, destination]) => trip({ source: "match", trip_id, origin, destination })),
    );
  });

  it.each([
    ["", 3],
    ["&match=origin", 3],
    ["&match=destination", 2],
    ["&match=both", 1],
    ["&match=either", 4],
  ])("%j counts %d trips", async (more, trips) => {
    expect(await inBox("match", "7.6,45,7.7,45.1", more)).toBe(trips);
    expect(await inBox("match", "-180,-90,180,90", "&match=destination")).toBe(4);
    const list = await call<{ trips: unknown[] }>(service, `/v1/trips?source=match&bbox=7.6,45,7.7,45.1${more}`);
    expect(list.body.trips.length).toBe(trips);
  });
});

describe("an area", () => {
  it("may be several polygons, each with holes", async () => {
    await from("multi", [
      [1, 1],
      [5, 5],
      [2, 2],
      [6, 6],
      [4, 4],
    ]);
    const coordinates = [
      polygon(corners(0, 0, 3, 3), corners(1.5, 1.5, 2.5, 2.5)).coordinates,
      polygon(corners(4.5, 4.5, 7, 7), corners(5.5, 5.5, 6.5, 6.5)).coordinates,
    ];
    expect(await inArea("multi", { type: "MultiPolygon", coordinates })).toBe(2);
  });

  it("may overlap itself as a collection: a trip counts once", async () => {
    await from("overlap", [
      [1, 1],
      [2.5, 2.5],
      [4, 4],
    ]);
    const features = [corners(0, 0, 3, 3), corners(2, 2, 5, 5)].map((ring) => ({
      type: "Feature",
      properties: {},
      geometry: polygon(ring),
    }));
    expect(await inArea("overlap", { type: "FeatureCollection", features })).toBe(3);
  });

  it("may have heights, which do not matter", async () => {
    await from("height", [[0.5, 0.5]]);
    const coordinates = [
      corners(0, 0, 1, 1)
        .concat([[0, 0]])
        .map(([lon, lat], i) => [lon, lat, i % 4]),
    ];
    expect(await inArea("height", { type: "Polygon", coordinates })).toBe(1);
  });

  it.each([[[null]], [["x"]], [[{}]], [[[]]], [[-0.5]], [[1, 2, 3]]])(
    "may have positions with more in them: %j",
    async (more) => {
      const extra = [more, [], [], [], more];
      const ring = corners(0, 0, 1, 1).concat([[0, 0]]);
      const coordinates = [ring.map((position, i) => [...position, ...(extra[i] ?? [])])];
      const area = { type: "Polygon", coordinates };
      expect((await callJson(service, "POST", "/v1/weekly-averages", { area })).status).toBe(200);
      expect((await callJson(service, "PUT", "/v1/regions/More", { boundary: area })).status).toBeLessThan(300);
    },
  );

  it("may be a sliver of a metre, or the world", async () => {
    await from("sizes", [
      [7.6, 45.000008],
      [7.6, 45.1],
      [-180, 0],
      [179.9999, 0],
    ]);
    expect(
      await inArea(
        "sizes",
        polygon([
          [7, 45],
          [8, 45],
          [8, 45.00001],
        ]),
      ),
    ).toBe(0);
    expect(
      await inArea(
        "sizes",
        polygon([
          [7, 45],
          [8, 45],
          [8, 45.00002],
          [7, 45.00001],
        ]),
      ),
    ).toBe(1);
    expect(await inBox("sizes", "-180,-90,180,90")).toBe(4);
  });

  it("that is a box with west > east crosses the antimeridian", async () => {
    await from("pacific", [
      [179.5, 0],
      [-179.5, 0],
      [180, 0],
      [-180, 1],
      [170, 0],
      [-170, 0],
      [0, 0],
      [169.9, 0],
    ]);
    expect(await inBox("pacific", "170,-5,-170,5")).toBe(6);
    expect(await inBox("pacific", "179,-5,-179,5")).toBe(4);
    expect(await inBox("pacific", "-170,-5,170,5")).toBe(4);
  });

  it("may be a region's boundary, which is not the region that a trip carries", async () => {
    await callJson(service, "PUT", "/v1/regions/Box", { boundary: polygon(corners(20, 50, 21, 51)) });
    const at = (trip_id: string, origin: Position, region?: string) =>
      trip({ source: "named", trip_id, origin, region });
    await sendNew(service, [at("in", [20.5, 50.5]), at("carries", [0, 0], "Box"), at("both", [20.2, 50.2], "Box")]);
    const trips = async (query: string) =>
      (await call<WeeklyAnswer>(service, `/v1/weekly-averages?source=named&${query}`)).body.trips;
    expect([await trips("boundary=Box"), await trips("region=Box"), await trips("region=Box&boundary=Box")]).toEqual([
      2, 2, 1,
    ]);
  });
});
