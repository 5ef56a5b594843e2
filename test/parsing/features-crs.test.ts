import { describe, expect, it } from "vitest";
import { readRows } from "../../src/parsing/read-rows.ts";
import { ROW_LIMITS } from "../../src/parsing/row-limits.ts";
import { streamRows } from "../../src/parsing/stream-rows.ts";

const feature = { type: "Feature", properties: { id: 1 }, geometry: { type: "Point", coordinates: [53, 32] } };

const collection = (crs: unknown) =>
  Buffer.from(JSON.stringify({ type: "FeatureCollection", name: "trips", crs, features: [feature] }));

async function* once(bytes: Buffer) {
  yield bytes;
}

const read = (bytes: Buffer) => readRows(bytes, "application/json", 10, ROW_LIMITS);
const stream = (bytes: Buffer) => streamRows(once(bytes), "application/json", 10);

describe("features of trips", () => {
  it.each([
    [undefined],
    [null],
    [{ type: "name", properties: { name: "urn:ogc:def:crs:OGC:1.3:CRS84" } }],
    [{ type: "name", properties: { name: "EPSG:4326" } }],
  ])("with the crs %j are read", async (crs) => {
    expect((await read(collection(crs))).rows).toHaveLength(1);
    expect((await stream(collection(crs))).fields).toEqual(["id", "geometry"]);
  });

  it.each([
    [{ type: "name", properties: { name: "urn:ogc:def:crs:EPSG::3857" } }, /^crs: .*EPSG::3857.*-t_srs EPSG:4326/],
    [{ type: "link", properties: { href: "http://x/y.prj", type: "proj4" } }, /^crs: .*y\.prj/],
  ])("with the crs %j are refused, and not taken for degrees", async (crs, message) => {
    await expect(read(collection(crs))).rejects.toThrow(message);
    await expect(stream(collection(crs))).rejects.toThrow(message);
  });
});
