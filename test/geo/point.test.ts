import { describe, expect, it } from "vitest";
import type { PointForm } from "../../src/geo/point.ts";
import { pointFromAny, pointFromWkt, pointIn, pointOf } from "../../src/geo/point.ts";
import { shown } from "../../src/kit/shown.ts";

describe("a point", () => {
  it.each([
    [7.67, 44.99, [7.67, 44.99]],
    [180, 0, [-180, 0]],
    [-180, 0, [-180, 0]],
    [0, 90, [0, 90]],
    [0, -90, [0, -90]],
  ])("of (%d, %d) is %j", (lon, lat, expected) => {
    expect(pointOf(lon, lat)).toEqual({ ok: true, value: expected });
  });

  it("has no negative zero, which would be another text for the same place", () => {
    const parsed = pointOf(-0, -0);
    expect(parsed.ok && parsed.value.map((c) => Object.is(c, 0))).toEqual([true, true]);
  });

  it.each([
    [0, 131, "latitude 131 is not within -90..90"],
    [0, -90.0001, "latitude -90.0001 is not within -90..90"],
    [180.5, 0, "longitude 180.5 is not within -180..180"],
    [Number.NaN, 0, "longitude NaN is not a finite number"],
    [0, Number.POSITIVE_INFINITY, "latitude Infinity is not a finite number"],
  ])("is refused at (%d, %d)", (lon, lat, detail) => {
    expect(pointOf(lon, lat)).toEqual({ ok: false, fault: { code: "out_of_range", detail } });
  });
});

describe("a point from WKB in hexadecimal digits", () => {
  const little = "AE47E17A14AE1E401F85EB51B87E4640";
  it.each([
    ["ISO", `0101000000${little}`],
    ["EWKB", `0101000020E6100000${little}`],
    ["EWKB with a height", `01010000A0E6100000${little}0000000000C06C40`],
    ["ISO with a height", `01E9030000${little}0000000000C06C40`],
    ["big-endian", "0000000001401EAE147AE147AE40467EB851EB851F"],
  ])("is read: %s", (_, text) => {
    for (const form of ["wkb", "any"] as const) expect(pointIn(text, form)).toEqual({ ok: true, value: [7.67, 44.99] });
  });

  it.each([
    ["of another SRID", `0101000020110F0000${little}`, /SRID 3857; expected 4326/],
    ["of a line", `0102000000${little}`, /expected WKB/],
    ["that is cut", "0101000020E6100000AE47E17A14AE1E401F85EB51", /expected WKB/],
    ["of digits that are something else", "12345678", /expected WKB/],
  ])("is not read: %s", (_, text, detail) => {
    const parsed = pointIn(text, "wkb");
    expect(parsed).toMatchObject({ ok: false, fault: { detail: expect.stringMatching(detail) } });
  });
});

describe("a point from WKT", () => {
  it.each([
    "POINT (7.67 44.99)",
    "point(7.67 44.99)",
    "  POINT ( 7.67   44.99 ) ",
    "SRID=4326;POINT(7.67 44.99)",
    "POINT(+7.67 4.499e1)",
    "POINT (7.67 44.99 230)",
    "POINT Z (7.67 44.99 230)",
    "SRID=4326;POINTZM(7.67 44.99 230 1)",
  ])("is read from %j", (text) => {
    expect(pointFromWkt(text)).toEqual({ ok: true, value: [7.67, 44.99] });
  });

  it.each([
    "POINT EMPTY",
    "POINT (7.67)",
    "POINT (7.67 44.99 1 2 3)",
    "POINT (7.67, 44.99)",
    "POINT (nan 44.99)",
    "POINT (0x10 1)",
    "SRID=3857;POINT(7.67 44.99)",
    "LINESTRING (7 44, 8 45)",
    "7.67 44.99",
    "",
  ])("is not read from %j", (text) => {
    expect(pointFromWkt(text)).toMatchObject({ ok: false, fault: { code: "invalid_point" } });
  });

  it.each([
    ["first", `POINT (${"1".repeat(100_000)}x 1)`],
    ["second", `POINT (1 ${"1".repeat(100_000)}x)`],
  ])("is refused at once if its %s coordinate is endless", { timeout: 2000 }, (_, text) => {
    expect(pointFromWkt(text)).toMatchObject({ ok: false, fault: { code: "invalid_point" } });
  });

  it("says longitude first, since the two are easily swapped", () => {
    expect(pointFromWkt("POINT (45)")).toMatchObject({
      fault: { detail: expect.stringContaining("longitude first") },
    });
    expect(pointFromWkt("POINT (44.99 131)")).toMatchObject({ fault: { code: "out_of_range" } });
  });
});

describe("a point of a native trip", () => {
  it.each([
    [[7.67, 44.99]],
    [[7.67, 44.99, 240]],
    [{ lon: 7.67, lat: 44.99 }],
    [{ type: "Point", coordinates: [7.67, 44.99] }],
    ["POINT (7.67 44.99)"],
  ])("may be %j", (value) => {
    expect(pointFromAny(value)).toEqual({ ok: true, value: [7.67, 44.99] });
  });

  it.each([
    [[7.67], "invalid_point"],
    [[7.67, 44.99, 1, 2], "invalid_point"],
    [{ lat: 44.99 }, "invalid_point"],
    [{ type: "LineString", coordinates: [7.67, 44.99] }, "invalid_point"],
    [7.67, "invalid_point"],
    [["7.67", 44.99], "wrong_type"],
    [{ lon: "7.67", lat: 44.99 }, "wrong_type"],
    [{ lon: null, lat: 44.99 }, "wrong_type"],
  ])("may not be %j", (value, code) => {
    expect(pointFromAny(value)).toMatchObject({ ok: false, fault: { code } });
  });
});

describe("a point in the form of its column", () => {
  it.each<[PointForm, unknown]>([
    ["any", [7.67, 44.99]],
    ["any", "POINT (7.67 44.99)"],
    ["wkt", "POINT (7.67 44.99)"],
    ["geojson", { type: "Point", coordinates: [7.67, 44.99] }],
    ["geojson", '{"type": "Point", "coordinates": [7.67, 44.99, 240]}'],
    ["lon_lat", "7.67,44.99"],
    ["lon_lat", "7.67 44.99"],
    ["lon_lat", [7.67, 44.99]],
    ["lat_lon", "44.99,7.67"],
    ["lat_lon", " ( 44.99 ; 7.67 ) "],
    ["lat_lon", "[44.99, 7.67]"],
    ["lat_lon", [44.99, 7.67]],
  ])("%s is read from %j", (form, value) => {
    expect(pointIn(value, form)).toEqual({ ok: true, value: [7.67, 44.99] });
  });

  it.each<[PointForm, unknown, string]>([
    ["wkt", "7.67,44.99", "invalid_point"],
    ["wkt", [7.67, 44.99], "wrong_type"],
    ["geojson", "POINT (7.67 44.99)", "invalid_point"],
    ["geojson", [7.67, 44.99], "invalid_point"],
    ["geojson", '{"type":"Polygon","coordinates":[]}', "invalid_point"],
    ["geojson", "null", "invalid_point"],
    ["lon_lat", "44.99", "invalid_point"],
    ["lon_lat", "7,67,44,99", "invalid_point"],
    ["lon_lat", [7.67, 44.99, 240], "invalid_point"],
    ["lon_lat", ["7.67", "44.99"], "wrong_type"],
    ["lon_lat", "7.67,131", "out_of_range"],
    ["lat_lon", "131,7.67", "out_of_range"],
    ["lat_lon", "POINT (7.67 44.99)", "invalid_point"],
    ["lat_lon", { lon: 7.67, lat: 44.99 }, "invalid_point"],
  ])("%s is not read from %j", (form, value, code) => {
    expect(pointIn(value, form)).toMatchObject({ ok: false, fault: { code } });
  });

  it.each<[PointForm, string]>([
    ["lon_lat", " ".repeat(200_000)],
    ["lon_lat", `7.67,44.99${" ".repeat(200_000)}x`],
    ["lat_lon", `7.67${" ".repeat(200_000)}x`],
    ["wkt", `POINT (7.67 44.99)${" ".repeat(200_000)}`],
  ])("%s is refused at once if it is endless (%#)", { timeout: 2000 }, (form, text) => {
    expect(pointIn(text, form)).toMatchObject({ ok: false, fault: { code: "invalid_point" } });
  });

  it("says which coordinate comes first", () => {
    expect(pointIn("x", "lat_lon")).toMatchObject({ fault: { detail: expect.stringContaining("latitude first") } });
    expect(pointIn("x", "lon_lat")).toMatchObject({ fault: { detail: expect.stringContaining("longitude first") } });
  });
});

describe("what a sender wrote", () => {
  it("is shown shortened, and never with half of a character", () => {
    expect(shown("x".repeat(98))).toBe(`"${"x".repeat(98)}"`);
    expect(shown("x".repeat(99))).toBe(`"${"x".repeat(99)}…`);
    expect(shown("😀".repeat(200)).isWellFormed()).toBe(true);
  });

  it("is shown by its beginning, however deep and large it is", () => {
    let deep: unknown = 1;
    for (let i = 0; i < 100_000; i++) deep = [deep];
    expect(shown(deep)).toBe(`${"[".repeat(100)}…`);
    expect(shown(Array.from({ length: 100 }, (_, i) => i))).toBe(
      `${JSON.stringify(Array.from({ length: 100 }, (_, i) => i)).slice(0, 100)}…`,
    );
    expect(shown(Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`k${i}`, null])))).toMatch(
      /^\{"k0":null,"k1":null,.*…$/,
    );
    expect(shown({ a: [1, null, "x"], b: {}, c: undefined })).toBe('{"a":[1,null,"x"],"b":{}}');
  });
});
