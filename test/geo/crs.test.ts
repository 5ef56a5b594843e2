import { expect, it } from "vitest";
import { AppError } from "../../src/errors.ts";
import { crsFrom } from "../../src/geo/crs.ts";

const named = (name: string) => ({ type: "name", properties: { name } });
const linked = (href: string) => ({ type: "link", properties: { href } });
const epsg = (code: number) => ({ type: "name", properties: { name: `EPSG:${code}` } });

it.each<[unknown, ReturnType<typeof epsg> | undefined]>([
  [undefined, undefined],
  [null, undefined],
  [named("urn:ogc:def:crs:OGC:1.3:CRS84"), undefined],
  [named("http://www.opengis.net/def/crs/EPSG/0/4326"), undefined],
  [linked("http://spatialreference.org/ref/epsg/4326/proj4/"), undefined],
  [{ type: "EPSG", properties: { code: 4326 } }, undefined],
  [{ type: "EPSG", properties: { code: "25832" } }, epsg(25832)],
  [named("urn:ogc:def:crs:EPSG::25832"), epsg(25832)],
  [linked("http://spatialreference.org/ref/epsg/2263/ogcwkt/"), epsg(2263)],
  [named("EPSG:900913"), epsg(3857)],
  [named("EPSG:102100"), epsg(3857)],
])("reads the system %j", (crs, expected) => {
  expect(crsFrom(crs, "area")).toEqual(expected);
});

it.each([named("Potsdam 1983"), linked("https://example.org/epsg"), { properties: { code: "x" } }, {}, 4326])(
  "refuses a system that names no EPSG code: %j",
  (crs) => {
    expect(() => crsFrom(crs, "area")).toThrow(AppError);
    expect(() => crsFrom(crs, "area")).toThrow(/area: expected CRS84 or a known EPSG code/);
  },
);
