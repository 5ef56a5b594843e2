import { describe, expect, it } from "vitest";
import { call, callJson, type Problem } from "../harness/api.ts";
import { useService } from "../harness/index.ts";

const service = useService();

/** Two zones that share an id, and a point, in feet of New York. */
const ZONES = {
  type: "FeatureCollection",
  crs: { type: "name", properties: { name: "urn:ogc:def:crs:EPSG::2263" } },
  features: [
    ...[980_000, 985_000].map((x) => ({
      type: "Feature",
      properties: { LocationID: 56 },
      geometry: {
        type: "Polygon",
        coordinates: [
          [
            [x, 200_000],
            [x + 1000, 200_000],
            [x + 1000, 201_000],
            [x, 201_000],
            [x, 200_000],
          ],
        ],
      },
    })),
    { type: "Feature", properties: { LocationID: 57 }, geometry: { type: "Point", coordinates: [980_000, 200_000] } },
  ],
};

describe("a lookup", () => {
  it("in another coordinate reference system has its places in degrees", async () => {
    const { status } = await callJson(service, "PUT", "/v1/lookups/zones?id=LocationID", ZONES);
    expect(status).toBe(201);
    const { body } = await call<{ points: Record<string, [number, number]> }>(service, "/v1/lookups/zones");
    expect(Object.keys(body.points)).toEqual(["56", "57"]);
    for (const [lon, lat] of Object.values(body.points)) {
      expect([Math.round(lon * 10), Math.round(lat * 10)]).toEqual([-740, 407]);
    }
  });

  it("in one that nobody knows is refused", async () => {
    const crs = { type: "name", properties: { name: "EPSG:99999" } };
    const { status, body } = await callJson<Problem>(service, "PUT", "/v1/lookups/z?id=LocationID", { ...ZONES, crs });
    expect([status, body.detail]).toEqual([
      expect.toSatisfy((code) => code === 400 || code === 422),
      expect.stringMatching(/99999|crs/),
    ]);
  });
});
