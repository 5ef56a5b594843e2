import { describe, expect, it } from "vitest";
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

/** From 300 vertices on points are told by the part of the area in their cell. */
const manyVertices = Array.from({ length: 400 }, (_, i): Position => {
  const angle = (i / 200) * Math.PI;
  return [-170 + Math.cos(angle), -10 + Math.sin(angle)];
});

describe("the edge of an area belongs to it", () => {
  it("of a box, corners too", async () => {
    const on: Position[] = [...corners(7.6, 45, 7.7, 45.1), [7.65, 45], [7.7, 45.05], [7.65, 45.1], [7.6, 45.05]];
    const off = corners(7.599999999, 44.999999999, 7.700000001, 45.100000001);
    await from("edge", [...on, ...off]);
    expect(await inBox("edge", "7.6,45,7.7,45.1")).toBe(8);
    expect(await inArea("edge", polygon(corners(7.6, 45, 7.7, 45.1)))).toBe(8);
  });

  it("of a box whose edges are borders of cells", async () => {
    const on: Position[] = [...corners(0, 0, 11.25, 11.25), [5, 0], [11.25, 5], [5, 11.25], [0, 5]];
    await from("border", [...on, [-1e-9, 5], [11.2500001, 5]]);
    expect(await inBox("border", "0,0,11.25,11.25")).toBe(8);
    expect(await inBox("border", "-11.25,0,0,11.25")).toBe(4);
    expect(await inBox("border", "11.25,0,22.5,11.25")).toBe(4);
  });

  it("of a slanted polygon and of its hole", async () => {
    const hole: Position[] = [
      [3, 3],
      [5, 3],
      [4, 5],
    ];
    const area = polygon(
      [
        [0, 0],
        [8, 0],
        [8, 8],
        [0, 8],
      ],
      hole,
    );
    await from("hole", [
      [4, 4],
      [4, 3],
      [3, 3],
      [4, 5],
      [4.5, 4],
      [2, 2],
      [0, 0],
      [8, 4],
      [9, 9],
    ]);
    // Only the first lies in the hole; the last is outside. (4.5, 4) lies on the slanted edge, exactly.
    expect(await inArea("hole", area)).toBe(7);
  });

  it("where two polygons of an area meet", async () => {
    await from("meet", [
      [1, 0.5],
      [0.5, 0.5],
      [1.5, 0.5],
      [3, 3],
    ]);
    const [left, right] = [polygon(corners(0, 0, 1, 1)), polygon(corners(1, 0, 2, 1))];
    expect(await inArea("meet", left)).toBe(2);
    expect(await inArea("meet", { type: "GeometryCollection", geometries: [left, right] })).toBe(3);
  });

  it("at the poles", async () => {
    await from("poles", [
      [0, 90],
      [10, 90],
      [0, -90],
      [5, 89.9999999],
    ]);
    expect(await inBox("poles", "-1,80,6,90")).toBe(2);
    expect(await inBox("poles", "-180,-90,180,-80")).toBe(1);
    expect(await inBox("poles", "-180,-90,180,90")).toBe(4);
  });

  it("where the area is so narrow that nothing can be clipped from it, however many vertices it has", async () => {
    const narrow: Position[] = [
      [-180, -17],
      [-179.99999999999997, -16.8],
      [-179.9, -16.9],
      [-179.8, -16.7],
      [-180, -16.7],
    ];
    await from("narrow", [
      [-180, -16.95],
      [-180, -16.99],
      [-180, -16.8],
      [-179.9, -16.8],
      [-179.9999, -16.95],
      [-170.1, -10.1],
    ]);
    for (const [area, trips] of [
      [[[narrow]], 4],
      [[[narrow], [manyVertices]], 5],
    ] as [Position[][][], number][]) {
      const geometry = {
        type: "MultiPolygon",
        coordinates: area.map((rings) => rings.map((ring) => [...ring, ring[0]])),
      };
      expect(await inArea("narrow", geometry)).toBe(trips);
      const estimate = await callJson<{ trips_bounds: [number, number] }>(service, "POST", "/v1/weekly-averages", {
        ...{ area: geometry, source: "narrow", method: "estimate" },
      });
      expect(estimate.status).toBe(200);
      expect(estimate.body.trips_bounds[0]).toBeLessThanOrEqual(trips);
      expect(estimate.body.trips_bounds[1]).toBeGreaterThanOrEqual(trips);
    }
  });

  it("where cells cut a slanted edge, at places that no floating-point number has", async () => {
    const slanted: Position[] = [
      [10, 20],
      [17, 23],
      [10, 23],
    ];
    // On the edge exactly: sevenths and thirds of it would not be.
    const on = Array.from({ length: 63 }, (_, i): Position => [10 + (7 * (i + 1)) / 64, 20 + (3 * (i + 1)) / 64]);
    await from("slanted", on);
    const area = { type: "MultiPolygon", coordinates: [slanted, manyVertices].map((ring) => [[...ring, ring[0]]]) };
    expect(await inArea("slanted", area)).toBe(on.length);
    expect(await inArea("slanted", polygon(slanted))).toBe(on.length);
  });
});
