import { describe, expect, it } from "vitest";
import { MAX_VERTICES } from "../../src/geo/area.ts";
import type { WeeklyAnswer } from "../../src/weekly-averages/weekly-averages.ts";
import { call, callJson, corners, type Problem, polygon, sendNew, trip } from "../harness/api.ts";
import { useService } from "../harness/index.ts";

const service = useService();

type Position = [number, number];

describe("an area is a 422 that says where", () => {
  const circle = (n: number): Position[] =>
    Array.from({ length: n }, (_, i) => [Math.cos((i / n) * 2 * Math.PI), Math.sin((i / n) * 2 * Math.PI)]);
  const open = { type: "Polygon", coordinates: [corners(0, 0, 1, 1)] };

  it.each<[string, object, object]>([
    [
      "crosses itself",
      polygon([
        [0, 0],
        [2, 2],
        [2, 0],
        [0, 2],
      ]),
      { at: [1, 1], detail: /self-intersection.*\(1, 1\)/ },
    ],
    ["has a hole outside", polygon(corners(0, 0, 1, 1), corners(5, 5, 6, 6)), { at: [5, 5], detail: /hole/ }],
    [
      "has no width",
      polygon([
        [0, 0],
        [1, 1],
        [0, 0],
      ]),
      { at: expect.any(Array), detail: /not valid/ },
    ],
    ["is not closed", open, { at: [0, 1], errors: [{ field: "area.coordinates[0]" }] }],
    [
      "leaves the world",
      polygon([
        [170, 0],
        [190, 0],
        [180, 9],
      ]),
      { at: [190, 0], errors: [{ field: "area.coordinates[0][1]" }] },
    ],
    [
      "has swapped coordinates",
      polygon([
        [45, 7],
        [45, 107],
        [46, 8],
      ]),
      { at: [45, 107] },
    ],
    [
      "goes round the world",
      polygon([
        [-170, 0],
        [170, 0],
        [170, 9],
        [-170, 9],
      ]),
      { detail: /more than 180.*antimeridian/, errors: [{ field: "area.coordinates[0]" }] },
    ],
    [
      "has too many vertices",
      polygon(circle(MAX_VERTICES)),
      { detail: new RegExp(`${MAX_VERTICES + 1} vertices; at most ${MAX_VERTICES}`) },
    ],
    [
      "is a line",
      {
        type: "LineString",
        coordinates: [
          [0, 0],
          [1, 1],
        ],
      },
      { errors: [{ field: "area.type" }] },
    ],
  ])("if it %s", async (_, area, { detail, ...more }: { detail?: RegExp }) => {
    const { status, body } = await callJson<Problem>(service, "POST", "/v1/weekly-averages", { area });
    expect([status, body.code]).toEqual([422, "invalid_area"]);
    expect(body).toMatchObject(more);
    if (detail) expect(body.detail).toMatch(detail);
  });

  it("as a box", async () => {
    for (const bbox of ["0,2,1,1", "-181,0,1,1", "0,0,0,1"]) {
      const { status, body } = await call(service, `/v1/weekly-averages?bbox=${bbox}`);
      expect([status, body.code, body.errors?.[0]?.field]).toEqual([422, "invalid_area", "bbox"]);
    }
  });

  it("but not with as many vertices as are allowed", async () => {
    await sendNew(service, [trip({ origin: [0.5, 0.5] }), trip({ origin: [0.9, 0.9] })]);
    const area = polygon(circle(MAX_VERTICES - 1));
    const { body } = await callJson<WeeklyAnswer>(service, "POST", "/v1/weekly-averages", { area });
    expect(body.trips).toBe(1);
  });
});
