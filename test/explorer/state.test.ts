import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Area, areaFromGeoJson, MAX_VERTICES, rounded } from "../../web/src/area.ts";
import { DAYS, fromHash, MATCHES, rangesOf, SHOWN, START, type State, toHash } from "../../web/src/state.ts";

const lon = fc.double({ min: -180, max: 179.9, noNaN: true }).map(rounded);
const lat = fc.double({ min: -90, max: 90, noNaN: true }).map(rounded);
const point = fc.tuple(lon, lat);
const ring = fc.array(point, { minLength: 3, maxLength: 6 }).map((all) => [...all, all[0] ?? [0, 0]]);
const name = fc.string({ minLength: 1, maxLength: 20, unit: "grapheme" }).filter((text) => text.isWellFormed());
const area: fc.Arbitrary<Area> = fc.oneof(
  fc.tuple(lon, lat, lon, lat).map((bbox) => ({ kind: "bbox" as const, bbox })),
  fc.record({ kind: fc.constant("circle" as const), center: point, radiusM: fc.integer({ min: 1, max: 1e6 }) }),
  fc.array(ring, { minLength: 1, maxLength: 3 }).map((coordinates) => ({
    kind: "shape" as const,
    shape: { type: "Polygon" as const, coordinates },
  })),
  fc.array(fc.array(ring, { minLength: 1, maxLength: 2 }), { minLength: 2, maxLength: 3 }).map((coordinates) => ({
    kind: "shape" as const,
    shape: { type: "MultiPolygon" as const, coordinates },
  })),
  name.map((text) => ({ kind: "boundary" as const, name: text })),
  name.map((text) => ({ kind: "region" as const, name: text })),
);
const date = fc
  .date({ min: new Date("2000-01-01"), max: new Date("2100-01-01"), noInvalidDate: true })
  .map((one) => one.toISOString().slice(0, 10));
const numbers = (min: number, max: number) =>
  fc.uniqueArray(fc.integer({ min, max })).map((all) => all.sort((a, b) => a - b));
const state: fc.Arbitrary<State> = fc.record({
  area: fc.option(area, { nil: undefined }),
  filters: fc.record({
    source: fc.option(name, { nil: undefined }),
    from: fc.option(date, { nil: undefined }),
    to: fc.option(date, { nil: undefined }),
    hours: numbers(0, 23),
    days: numbers(1, 7),
    match: fc.constantFrom(...MATCHES),
  }),
  show: fc.constantFrom(...SHOWN),
  view: fc.constant(undefined),
});

describe("the state in the address", () => {
  it("comes back as it was, whatever it holds", () => {
    const comesBack = fc.property(state, (one) => {
      expect(fromHash(`#${toHash(one)}`)).toEqual(one);
    });
    fc.assert(comesBack, { numRuns: 500 });
  });

  it("also comes back from what a browser makes of it", () => {
    fc.assert(
      fc.property(state, (one) => {
        const { hash } = new URL(`#${toHash(one)}`, "http://127.0.0.1/");
        expect(fromHash(hash)).toEqual(one);
      }),
      { numRuns: 500 },
    );
  });

  it("is empty at the start, and holds what differs in plain letters", () => {
    expect(toHash(START)).toBe("");
    const filters = { ...START.filters, hours: [7, 8, 9, 17], days: [1, 2, 3, 4, 5] };
    const view = { lon: 7.68, lat: 45.07, zoom: 11 };
    const bbox: Area = { kind: "bbox", bbox: [7.6, 45, 7.7, 45.1] };
    expect(toHash({ area: bbox, filters, show: "regions", view })).toBe(
      "area=bbox:7.6,45,7.7,45.1&hours=7-9,17&days=mon-fri&show=regions&map=11.00/45.07000/7.68000",
    );
  });

  it.each([
    "area=bbox:1,2,3",
    "area=bbox:a,b,c,d",
    "area=circle:7,45,-3",
    "area=shape:1,2,3,4",
    "area=boundary:",
    "hours=25&days=someday&match=neither&show=nothing&map=1/2",
    "from=yesterday&to=2018-1-1",
    "%%%&=&area",
  ])("is as at the start where it cannot be read: %s", (hash) => {
    expect(fromHash(hash)).toEqual(START);
  });
});

it("joins numbers that follow each other", () => {
  expect(rangesOf([17, 7, 8, 9, 23])).toBe("7-9,17,23");
  expect(rangesOf([1, 2, 7], (day) => DAYS[day - 1] ?? "")).toBe("mon-tue,sun");
  expect(rangesOf([])).toBe("");
});

describe("an area from GeoJSON", () => {
  const square = [
    [
      [7.1234567, 45],
      [7.2, 45],
      [7.2, 45.1],
      [7.1234567, 45],
    ],
  ];

  it("is the polygons of a document, together, at six decimals", () => {
    const polygon = { type: "Polygon", coordinates: square };
    const feature = { type: "Feature", properties: {}, geometry: polygon };
    const one = areaFromGeoJson(feature);
    expect(one).toEqual({
      kind: "shape",
      shape: {
        type: "Polygon",
        coordinates: [
          [
            [7.123457, 45],
            [7.2, 45],
            [7.2, 45.1],
            [7.123457, 45],
          ],
        ],
      },
    });
    const point = { type: "Feature", properties: {}, geometry: { type: "Point", coordinates: [7, 45] } };
    const both = areaFromGeoJson({ type: "FeatureCollection", features: [feature, point, feature] });
    expect(both?.kind === "shape" && both.shape.coordinates).toHaveLength(2);
  });

  it("is none where there are no polygons, as in a file of trips", () => {
    expect(
      areaFromGeoJson({ type: "FeatureCollection", features: [{ type: "Feature", geometry: null }] }),
    ).toBeUndefined();
    expect(areaFromGeoJson([{ trip_id: "a" }])).toBeUndefined();
    expect(areaFromGeoJson(null)).toBeUndefined();
  });

  it("says what to do about too many vertices", () => {
    const ring = Array.from({ length: MAX_VERTICES + 1 }, (_, i) => [i / 1000, 0]);
    expect(() => areaFromGeoJson({ type: "Polygon", coordinates: [ring] })).toThrow(/2001 vertices.*PUT \/v1\/regions/);
  });
});
