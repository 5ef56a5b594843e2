import fc from "fast-check";
import type { Geometry } from "geojson";
import { describe, expect, it } from "vitest";
import { checkedFilter } from "../../src/ogc/checked-filter.ts";
import { COLLECTIONS, type Collection } from "../../src/ogc/collection.ts";
import {
  COMPARISONS,
  Cql2Error,
  type Filter,
  type Scalar,
  type Shape,
  SPATIAL_OPERATORS,
  TEMPORAL_OPERATORS,
  type Time,
} from "../../src/ogc/cql2.ts";
import { filterFromJson } from "../../src/ogc/cql2-json.ts";
import { filterFromText } from "../../src/ogc/cql2-text.ts";
import { crsOf, DEFAULT_CRS, toCrs84 } from "../../src/ogc/crs.ts";

const property = (name: string) => ({ property: name });
const value = (one: string | number | boolean) => ({ value: one });
const point: Geometry = { type: "Point", coordinates: [7.5, -45] };

describe("CQL2 text and JSON are read as the same filter", () => {
  it.each<[string, unknown, Filter]>([
    ["a = 1", { op: "=", args: [property("a"), 1] }, { compare: "=", left: property("a"), right: value(1) }],
    [
      "a <> 'it''s'",
      { op: "<>", args: [property("a"), "it's"] },
      { compare: "<>", left: property("a"), right: value("it's") },
    ],
    [
      '1 <= "Year of"',
      { op: "<=", args: [1, property("Year of")] },
      { compare: "<=", left: value(1), right: property("Year of") },
    ],
    [
      "a IS NOT NULL",
      { op: "not", args: [{ op: "isNull", args: [property("a")] }] },
      { not: { isNull: property("a") } },
    ],
    [
      "a not like 'x%'",
      { op: "not", args: [{ op: "like", args: [property("a"), "x%"] }] },
      { not: { like: property("a"), pattern: value("x%") } },
    ],
    [
      "a BETWEEN -1e2 AND .5",
      { op: "between", args: [property("a"), -100, 0.5] },
      { between: property("a"), low: value(-100), high: value(0.5) },
    ],
    ["a IN (1, 2)", { op: "in", args: [property("a"), [1, 2]] }, { in: property("a"), list: [value(1), value(2)] }],
    [
      "CASEI(a) = casei('X')",
      {
        op: "=",
        args: [
          { op: "casei", args: [property("a")] },
          { op: "casei", args: ["X"] },
        ],
      },
      { compare: "=", left: { casei: property("a") }, right: { casei: value("X") } },
    ],
    [
      "S_INTERSECTS(geometry, POINT(7.5 -45))",
      { op: "s_intersects", args: [property("geometry"), point] },
      { spatial: "s_intersects", left: property("geometry"), right: { geometry: point } },
    ],
    [
      "s_within(geometry,BBOX(0,1,2,3))",
      { op: "s_within", args: [property("geometry"), { bbox: [0, 1, 2, 3] }] },
      {
        spatial: "s_within",
        left: property("geometry"),
        right: {
          geometry: {
            type: "Polygon",
            coordinates: [
              [
                [0, 1],
                [2, 1],
                [2, 3],
                [0, 3],
                [0, 1],
              ],
            ],
          },
        },
      },
    ],
    [
      "T_DURING(t, INTERVAL('2018-05-21','..'))",
      { op: "t_during", args: [property("t"), { interval: ["2018-05-21", ".."] }] },
      { temporal: "t_during", left: property("t"), right: { interval: [{ date: "2018-05-21" }, ".."] } },
    ],
    [
      "t_after(t,TIMESTAMP('2018-05-21T00:00:00Z'))",
      { op: "t_after", args: [property("t"), { timestamp: "2018-05-21T00:00:00Z" }] },
      { temporal: "t_after", left: property("t"), right: { timestamp: "2018-05-21T00:00:00Z" } },
    ],
    [
      "a = 1 OR b = 2 AND NOT c = true",
      {
        op: "or",
        args: [
          { op: "=", args: [property("a"), 1] },
          {
            op: "and",
            args: [
              { op: "=", args: [property("b"), 2] },
              { op: "not", args: [{ op: "=", args: [property("c"), true] }] },
            ],
          },
        ],
      },
      {
        or: [
          { compare: "=", left: property("a"), right: value(1) },
          {
            and: [
              { compare: "=", left: property("b"), right: value(2) },
              { not: { compare: "=", left: property("c"), right: value(true) } },
            ],
          },
        ],
      },
    ],
  ])("%s", (text, json, filter) => {
    expect(filterFromText(text)).toEqual(filter);
    expect(filterFromJson(json)).toEqual(filter);
  });

  it.each([
    ["POINT (1 2)", { type: "Point", coordinates: [1, 2] }],
    ["POINT Z (1 2 3)", { type: "Point", coordinates: [1, 2] }],
    [
      "linestring(1 2,3 4)",
      {
        type: "LineString",
        coordinates: [
          [1, 2],
          [3, 4],
        ],
      },
    ],
    [
      "POLYGON((0 0,1 0,1 1,0 0),(2 2,3 2,3 3,2 2))",
      {
        type: "Polygon",
        coordinates: [
          [
            [0, 0],
            [1, 0],
            [1, 1],
            [0, 0],
          ],
          [
            [2, 2],
            [3, 2],
            [3, 3],
            [2, 2],
          ],
        ],
      },
    ],
    [
      "MULTIPOINT((1 2),(3 4))",
      {
        type: "MultiPoint",
        coordinates: [
          [1, 2],
          [3, 4],
        ],
      },
    ],
    [
      "MULTIPOLYGON(((0 0,1 0,1 1,0 0)))",
      {
        type: "MultiPolygon",
        coordinates: [
          [
            [
              [0, 0],
              [1, 0],
              [1, 1],
              [0, 0],
            ],
          ],
        ],
      },
    ],
    [
      "GEOMETRYCOLLECTION(POINT(1 2),LINESTRING(1 2,3 4))",
      {
        type: "GeometryCollection",
        geometries: [
          { type: "Point", coordinates: [1, 2] },
          {
            type: "LineString",
            coordinates: [
              [1, 2],
              [3, 4],
            ],
          },
        ],
      },
    ],
  ])("the geometry %s", (wkt, geometry) => {
    expect(filterFromText(`s_intersects(geometry, ${wkt})`)).toMatchObject({ right: { geometry } });
  });

  it("any filter that is written in both", () => {
    fc.assert(
      fc.property(filters, (filter) => {
        expect(filterFromText(textOf(filter))).toEqual(filter);
        expect(filterFromJson(JSON.parse(JSON.stringify(jsonOf(filter))))).toEqual(filter);
      }),
      { numRuns: 300 },
    );
  });
});

describe("a filter that is wrong", () => {
  it.each([
    ["", /expected a property or a value at the end/],
    ["a =", /expected a property or a value at the end/],
    ["a = 1 b", /expected the end, AND or OR at character 7, before "b"/],
    ["(a = 1", /expected \) at the end/],
    ["a = 'x", /at character 5/],
    ["a between 1 or 2", /expected AND at character 13/],
    ["nope(a) = 1", /there is no function nope here/],
    ["s_intersects(geometry, POINT(1))", /expected a number/],
    [`${"(".repeat(200)}a = 1`, /nested more than 50/],
    [`${"not ".repeat(200)}a = 1`, /nested more than 50/],
  ])("is refused with its place: %s", (text, message) => {
    expect(() => filterFromText(text)).toThrow(message);
    expect(() => filterFromText(text)).toThrow(Cql2Error);
  });

  it.each([
    [{ op: "nope", args: [1, 2] }, /there is no operator "nope"/],
    [{ op: "=", args: [1] }, /"=": expected 2 args, but there are 1/],
    [{ op: "and", args: [] }, /at least two/],
    [[], /expected a property or a value/],
    [null, /expected a property or a value/],
  ])("is refused as JSON: %j", (json, message) => {
    expect(() => filterFromJson(json)).toThrow(message);
  });

  const trips = COLLECTIONS.find(({ id }) => id === "trips") as Collection;
  it.each([
    ["nope = 1", /no property nope/],
    ["sourze = 'a'", /did you mean source\?/],
    ["source = 1", /a string cannot be compared with a number/],
    ["duration_s like 'x'", /texts only/],
    ["source", /neither true nor false/],
    ["started_at > 'yesterday'", /a instant|cannot be compared/],
    ["started_at > '2024-02-30'", /a instant|cannot be compared/],
    ["started_at > '2024-01-01T00:00:00+23:00'", /a instant|cannot be compared/],
    ["started_at > DATE('2024-02-30')", /expected a date such as/],
    ["t_after(source, DATE('2018-05-21'))", /expected a date/],
    ["t_during(started_at, INTERVAL('2018-05-02','2018-05-01'))", /ends before it begins: "2018-05-02", "2018-05-01"/],
    ["started_at > DATE('2018-02-31x')", /expected a date such as/],
    ["s_intersects(source, POINT(1 2))", /no geometry; the only one is geometry/],
    ["geometry = 'x'", /spatial function/],
    ["s_intersects(geometry, POLYGON((0 0,1 0,1 1,0 1)))", /ring is not closed/],
    ["s_intersects(geometry, POLYGON((0 95,1 0,1 1,0 95)))", /latitude 95/],
  ])("is refused for what it names: %s", (text, message) => {
    expect(() => checkedFilter(filterFromText(text), trips, DEFAULT_CRS, 1000)).toThrow(message);
  });
});

it("coordinates of other systems become longitude and latitude", () => {
  const [mercator, latFirst] = ["3857", "4326"].map((code) => crsOf(`http://www.opengis.net/def/crs/EPSG/0/${code}`));
  if (!mercator || !latFirst) throw new Error("a system is missing");
  expect(toCrs84(latFirst, [45, 7])).toEqual([7, 45]);
  // The example of IOGP guidance note 7-2 for this method: 24°22'54.433"N, 100°20'0"W.
  const [lon, lat] = toCrs84(mercator, [-11_169_055.58, 2_800_000]);
  expect(lon).toBeCloseTo(-100.333333, 5);
  expect(lat).toBeCloseTo(24.381787, 5);
});

const names = fc.constantFrom("a", "b_2", "Odd name", 'with "quotes"', "and");
const texts = fc.string({ unit: "grapheme-ascii", maxLength: 8 });
const literal: fc.Arbitrary<Scalar> = fc.oneof(
  texts.map(value),
  fc.integer().map(value),
  fc
    .double({ noNaN: true, noDefaultInfinity: true })
    .filter((one) => !Object.is(one, -0))
    .map(value),
  fc.boolean().map(value),
  fc.constant({ date: "2018-05-21" }),
  fc.constant({ timestamp: "2018-05-21T08:00:00Z" }),
);
const scalars: fc.Arbitrary<Scalar> = fc.oneof(
  literal,
  names.map(property),
  texts.map((text) => ({ casei: value(text) })),
);
const times: fc.Arbitrary<Time> = fc.oneof(
  names.map(property),
  fc.constantFrom<Time>(
    { interval: [{ date: "2018-05-21" }, ".."] },
    { interval: ["..", { timestamp: "2018-05-21T08:00:00Z" }] },
  ),
);
const shapes = fc.oneof(names.map(property), fc.constant<Shape>({ geometry: point }));
const { filters } = fc.letrec<{ filters: Filter }>((tie) => ({
  filters: fc.oneof(
    { maxDepth: 4 },
    fc.record({ compare: fc.constantFrom(...COMPARISONS), left: scalars, right: scalars }),
    fc.record({ like: scalars, pattern: scalars }),
    fc.record({ between: scalars, low: scalars, high: scalars }),
    fc.record({ in: scalars, list: fc.array(scalars, { minLength: 1, maxLength: 3 }) }),
    scalars.map((isNull) => ({ isNull })),
    fc.record({ spatial: fc.constantFrom(...SPATIAL_OPERATORS), left: shapes, right: shapes }),
    fc.record({ temporal: fc.constantFrom(...TEMPORAL_OPERATORS), left: times, right: times }),
    tie("filters").map((not) => ({ not })),
    fc.array(tie("filters"), { minLength: 2, maxLength: 3 }).map((and) => ({ and })),
    fc.array(tie("filters"), { minLength: 2, maxLength: 3 }).map((or) => ({ or })),
  ),
}));

function textOf(filter: Filter): string {
  const text = scalarText;
  if ("and" in filter) return filter.and.map((one) => `(${textOf(one)})`).join(" AND ");
  if ("or" in filter) return filter.or.map((one) => `(${textOf(one)})`).join(" or ");
  if ("not" in filter) return `NOT (${textOf(filter.not)})`;
  if ("compare" in filter) return `${text(filter.left)} ${filter.compare} ${text(filter.right)}`;
  if ("like" in filter) return `${text(filter.like)} LIKE ${text(filter.pattern)}`;
  if ("between" in filter) return `${text(filter.between)} between ${text(filter.low)} and ${text(filter.high)}`;
  if ("in" in filter) return `${text(filter.in)} IN (${filter.list.map(text).join(",")})`;
  if ("isNull" in filter) return `${text(filter.isNull as Scalar)} IS NULL`;
  if ("spatial" in filter) {
    const [left, right] = [filter.left, filter.right].map((one) => ("property" in one ? text(one) : "POINT(7.5 -45)"));
    return `${filter.spatial}(${left},${right})`;
  }
  if ("temporal" in filter)
    return `${filter.temporal.toUpperCase()}(${timeText(filter.left)}, ${timeText(filter.right)})`;
  return text(filter.truth);
}

const timeText = (one: Time): string =>
  "interval" in one
    ? `INTERVAL(${one.interval.map((bound) => (bound === ".." ? "'..'" : scalarText(bound))).join(",")})`
    : scalarText(one);

function scalarText(one: Scalar): string {
  if ("property" in one)
    return /^[ab]\w*$/.test(one.property) && one.property !== "and"
      ? one.property
      : `"${one.property.replaceAll('"', '""')}"`;
  if ("date" in one) return `DATE('${one.date}')`;
  if ("timestamp" in one) return `TIMESTAMP('${one.timestamp}')`;
  if ("casei" in one) return `CASEI(${scalarText(one.casei)})`;
  return typeof one.value === "string" ? `'${one.value.replaceAll("'", "''")}'` : String(one.value);
}

function jsonOf(filter: Filter): unknown {
  const json = scalarJson;
  if ("and" in filter) return { op: "and", args: filter.and.map(jsonOf) };
  if ("or" in filter) return { op: "or", args: filter.or.map(jsonOf) };
  if ("not" in filter) return { op: "not", args: [jsonOf(filter.not)] };
  if ("compare" in filter) return { op: filter.compare, args: [json(filter.left), json(filter.right)] };
  if ("like" in filter) return { op: "like", args: [json(filter.like), json(filter.pattern)] };
  if ("between" in filter) return { op: "between", args: [json(filter.between), json(filter.low), json(filter.high)] };
  if ("in" in filter) return { op: "in", args: [json(filter.in), filter.list.map(json)] };
  if ("isNull" in filter) return { op: "isNull", args: [json(filter.isNull as Scalar)] };
  if ("spatial" in filter) {
    return {
      op: filter.spatial,
      args: [filter.left, filter.right].map((one) => ("property" in one ? one : one.geometry)),
    };
  }
  if ("temporal" in filter) return { op: filter.temporal, args: [timeJson(filter.left), timeJson(filter.right)] };
  return json(filter.truth);
}

const timeJson = (one: Time): unknown =>
  "interval" in one
    ? {
        interval: one.interval.map((bound) =>
          bound === ".." ? bound : "date" in bound ? bound.date : "timestamp" in bound ? bound.timestamp : bound,
        ),
      }
    : scalarJson(one);

function scalarJson(one: Scalar): unknown {
  if ("value" in one) return one.value;
  if ("casei" in one) return { op: "casei", args: [scalarJson(one.casei)] };
  return one;
}
