import { describe, expect, it } from "vitest";
import { AppError } from "../../src/errors.ts";
import { MAX_VERTICES } from "../../src/geo/area.ts";
import { polygonsFromGeoJson } from "../../src/geo/area-geojson.ts";
import { bboxFrom, polygonOfBox } from "../../src/geo/bbox.ts";

/** The error that a call throws. */
function errorOf(call: () => unknown): AppError {
  try {
    call();
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
  throw new Error("it was accepted");
}

const square = [
  [7, 45],
  [8, 45],
  [8, 46],
  [7, 46],
  [7, 45],
];
const polygon = { type: "Polygon", coordinates: [square] };

describe("a bounding box", () => {
  it("is west, south, east, north", () => {
    expect(bboxFrom("7.58,45.00, 7.77 ,45.14")).toEqual([7.58, 45, 7.77, 45.14]);
    expect(polygonOfBox([7, 45, 8, 46])).toEqual(polygon);
  });

  it("with west > east crosses the antimeridian and has a part on each side", () => {
    expect(polygonOfBox(bboxFrom("170,-20,-170,-10"))).toEqual({
      type: "MultiPolygon",
      coordinates: [polygonOfBox([170, -20, 180, -10]).coordinates, polygonOfBox([-180, -20, -170, -10]).coordinates],
    });
  });

  it("that ends on the antimeridian has one part only", () => {
    expect(polygonOfBox([170, -20, -180, -10])).toEqual(polygonOfBox([170, -20, 180, -10]));
    expect(polygonOfBox([180, -20, -170, -10])).toEqual(polygonOfBox([-180, -20, -170, -10]));
  });

  it.each(["", "1,2,3", "1,2,3,4,5", "a,b,c,d", "1,2,,4", "1,2,Infinity,4", "NaN,0,1,1"])("is not %j", (text) => {
    expect(errorOf(() => bboxFrom(text)).code).toBe("invalid_parameter");
  });

  it.each([
    ["-181,0,1,1", /longitude/],
    ["0,-91,1,1", /latitude/],
    ["0,0,1,91", /latitude/],
    ["0,1,1,1", /south \(1\) must be less than north \(1\)/],
    ["0,2,1,1", /south \(2\)/],
    ["1,0,1,1", /no area/],
  ])("is not %j, and the error says why", (text, reason) => {
    const error = errorOf(() => bboxFrom(text));
    expect(error.code).toBe("invalid_area");
    expect(error.message).toMatch(reason);
    expect(error.extra.errors).toMatchObject([{ field: "bbox" }]);
  });
});

describe("GeoJSON from outside", () => {
  const multi = { type: "MultiPolygon", coordinates: [[square]] };
  const feature = (geometry: unknown) => ({ type: "Feature", properties: { name: "x" }, geometry });

  it.each([
    ["a Polygon", polygon, [polygon]],
    ["a MultiPolygon", multi, [multi]],
    ["a Feature", feature(polygon), [polygon]],
    [
      "a FeatureCollection",
      { type: "FeatureCollection", features: [feature(polygon), feature(multi)] },
      [polygon, multi],
    ],
    ["a GeometryCollection", { type: "GeometryCollection", geometries: [multi, polygon] }, [multi, polygon]],
  ])("may be %s", (_, value, expected) => {
    expect(polygonsFromGeoJson(value)).toEqual(expected);
  });

  it("loses members that are not geometry, but for a coordinate reference system that is not longitude and latitude", () => {
    const crs = (name: string) => ({ type: "name", properties: { name } });
    expect(polygonsFromGeoJson({ ...polygon, crs: crs("EPSG:4326"), bbox: [0, 0, 1, 1] })).toEqual([polygon]);
    expect(polygonsFromGeoJson({ ...polygon, crs: crs("urn:ogc:def:crs:EPSG::3857"), bbox: [0, 0, 1, 1] })).toEqual([
      { ...polygon, crs: crs("EPSG:3857") },
    ]);
  });

  const withRing = (ring: unknown) => ({ type: "Polygon", coordinates: [ring] });
  const circle = (vertices: number) => {
    const ring = Array.from({ length: vertices - 1 }, (_, i) => [
      Math.cos((i / vertices) * 6),
      Math.sin((i / vertices) * 6),
    ]);
    return [...ring, ring[0]];
  };

  it.each([
    ["text", "area", "POLYGON((0 0))"],
    ["nothing", "area", null],
    ["a Point", "area.type", { type: "Point", coordinates: [1, 2] }],
    ["no type", "area.type", {}],
    ["a Feature without geometry", "area.geometry", feature(null)],
    ["an empty FeatureCollection", "area.features", { type: "FeatureCollection", features: [] }],
    ["a polygon without rings", "area.coordinates", { type: "Polygon", coordinates: [] }],
    ["a ring without positions", "area.coordinates[0]", withRing([])],
    ["an open ring", "area.coordinates[0]", withRing(square.slice(0, 4))],
    [
      "a ring of three positions",
      "area.coordinates[0]",
      withRing([
        [0, 0],
        [1, 1],
        [0, 0],
      ]),
    ],
    [
      "a longitude of 181",
      "area.coordinates[0][1]",
      withRing([
        [0, 0],
        [181, 0],
        [1, 1],
        [0, 0],
      ]),
    ],
    [
      "a latitude of 91",
      "area.coordinates[0][2]",
      withRing([
        [0, 0],
        [1, 0],
        [1, 91],
        [0, 0],
      ]),
    ],
    [
      "a coordinate as text",
      "area.coordinates[0][0]",
      withRing([
        ["0", 0],
        [1, 0],
        [1, 1],
        ["0", 0],
      ]),
    ],
    [
      "a ring round the world",
      "area.coordinates[0]",
      withRing([
        [-170, 0],
        [170, 0],
        [170, 1],
        [-170, 0],
      ]),
    ],
    ["too many vertices", "area", withRing(circle(MAX_VERTICES + 1))],
    [
      "a faulty hole in the second feature",
      "area.features[1].geometry.coordinates[1][2]",
      {
        type: "FeatureCollection",
        features: [
          feature(polygon),
          feature({
            type: "Polygon",
            coordinates: [
              square,
              [
                [7.1, 45.1],
                [7.2, 45.1],
                [7.2, -99],
                [7.1, 45.1],
              ],
            ],
          }),
        ],
      },
    ],
  ])("is refused with %s, and the error names the place", (_, field, value) => {
    const error = errorOf(() => polygonsFromGeoJson(value));
    expect(error.code).toBe("invalid_area");
    expect(error.extra.errors).toMatchObject([{ field }]);
  });

  it("says where on the globe the fault is, if that is known", () => {
    expect(errorOf(() => polygonsFromGeoJson(withRing(square.slice(0, 4)))).extra.at).toEqual([7, 46]);
  });

  it("may have as many vertices as the limit", () => {
    expect(polygonsFromGeoJson(withRing(circle(MAX_VERTICES)))).toHaveLength(1);
  });

  it.each([
    ["a Feature", (inner: unknown) => ({ type: "Feature", geometry: inner })],
    ["a GeometryCollection", (inner: unknown) => ({ type: "GeometryCollection", geometries: [inner] })],
  ])("is refused, not a stack overflow, with %s in itself ten thousand times", (_, wrap) => {
    let deep: unknown = polygon;
    for (let i = 0; i < 10_000; i++) deep = wrap(deep);
    expect(errorOf(() => polygonsFromGeoJson(deep)).message).toMatch(/nested/);
  });
});
