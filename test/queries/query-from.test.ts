import { describe, expect, it } from "vitest";
import { z } from "zod";
import { AppError } from "../../src/errors.ts";
import { QueryDefinition, queryJsonSchema } from "../../src/queries/query-definition.ts";
import { queryFrom } from "../../src/queries/query-from.ts";

function refused(body: unknown): { code: string; errors: { field: string; detail: string }[] } {
  try {
    queryFrom(body);
  } catch (error) {
    if (error instanceof AppError) return { code: error.code, ...(error.extra as { errors: [] }) };
    throw error;
  }
  throw new Error(`not refused: ${JSON.stringify(body)}`);
}

function nested(levels: number): unknown {
  let condition: unknown = { hour: 1 };
  for (let i = 0; i < levels; i++) condition = { not: condition };
  return condition;
}

describe("a query", () => {
  it("counts trips if it says nothing", () => {
    expect(queryFrom({})).toEqual({
      ...{ select: [{ name: "trips", is: "trips" }], by: [], order: [], limit: 1000 },
      ...{ where: { and: [] }, having: { and: [] } },
    });
  });

  it("names its columns by what is in them, unless it gives them names", () => {
    const { by, select } = queryFrom({
      by: [
        "week",
        { origin_cell: 5 },
        { destination_cell: 6, as: "to" },
        "attributes.weather",
        { column: "day", as: "d" },
      ],
      select: [
        "trips",
        { avg: "duration_s" },
        { sum: "attributes.fare", as: "Erlös" },
        { percentile: "distance_m", p: 0.95 },
      ],
    });
    expect(by.map(({ name }) => name)).toEqual(["week", "origin_cell", "to", "attributes.weather", "d"]);
    expect(select.map(({ name }) => name)).toEqual(["trips", "avg_duration_s", "Erlös", "p95_distance_m"]);
  });

  it("takes a value, null, or several comparisons for a test", () => {
    const tests = (where: object) =>
      (queryFrom({ where }).where as { and: { test: unknown }[] }).and.map((one) => one.test);
    expect(tests({ region: "Turin" })).toEqual([{ compare: "=", value: "Turin" }]);
    expect(tests({ region: null })).toEqual([{ isNull: true }]);
    expect(tests({ hour: { ">=": 7, "<": 10 } })).toEqual([
      { compare: "<", value: 10 },
      { compare: ">=", value: 7 },
    ]);
  });

  it.each<[unknown, string, string]>([
    [5, "", "expected an object, but got 5"],
    [{ selct: ["trips"] }, "selct", 'there is no member "selct"; did you mean select?'],
    [{ group_by: ["week"] }, "group_by", "did you mean by?"],
    [{ select: ["count"] }, "select[0]", "did you mean trips?"],
    [{ select: [{ avg: "duratoin_s" }] }, "select[0].avg", "did you mean duration_s?"],
    [{ select: [{ median: "duration_s" }] }, "select[0].median", "there is no member"],
    [{ select: [{ avg: "duration_s", sum: "duration_s" }] }, "select[0]", "exactly one of"],
    [{ select: [{ percentile: "duration_s" }] }, "select[0]", "a percentile has a p"],
    [{ select: [{ avg: "duration_s", p: 0.5 }] }, "select[0]", "only a percentile has a p"],
    [{ select: [{ percentile: "duration_s", p: 95 }] }, "select[0].p", "expected at most 1"],
    [{ select: ["trips", "trips"] }, "select[1]", "another column is called trips already"],
    [{ by: ["trips"] }, "by[0]", "there is no column"],
    [{ by: ["regoin"] }, "by[0]", "did you mean region?"],
    [{ by: ["driver_id"] }, "by[0]", "did you mean driver?"],
    [{ by: [{ origin_cell: 8 }] }, "by[0].origin_cell", "expected at most 7, but got 8"],
    [{ by: [{ origin_cell: 5, as: "-x" }] }, "by[0].as", "expected a letter"],
    [{ by: ["week", "day", "hour", "weekday", "region", "source", "driver"] }, "by", "expected at most 6 members"],
    [{ where: {} }, "where", "expected at least one condition"],
    [{ where: { and: [{ regoin: { x: 1 } }] } }, "where.and[0].regoin", "did you mean region?"],
    [{ where: { and: [{ hour: 1 }, { hour: { "=>": 1 } }] } }, "where.and[1].hour.=>", "did you mean >=?"],
    [{ where: { hour: 25 } }, "where.hour", "expected at most 23"],
    [{ where: { hour: "7" } }, "where.hour", 'expected a number or null or an object, but got "7"'],
    [{ where: { hour: {} } }, "where.hour", "expected one of =, !=,"],
    [{ where: { week: "2018-W53" } }, "where.week", "there is no such week"],
    [{ where: { day: { in: ["2018-02-30"] } } }, "where.day.in[0]", "expected a date"],
    [{ where: { origin_cell: "u0a" } }, "where.origin_cell", "expected a geohash"],
    [{ where: { origin_cell: { "<": "u0" } } }, "where.origin_cell.<", "there is no member"],
    [{ where: { "attributes.x": { in: [1, "a"] } } }, "where.attributes.x", "and not both"],
    [{ where: { "attributes.x": { ">": true } } }, "where.attributes.x", "have no order"],
    [{ where: { region: "\u0000" } }, "where.region", "without control characters"],
    [{ where: { "attributes.\ud800": 1 } }, "where.attributes.\ufffd", "without control characters"],
    [{ where: { from: "2025-02-01", to: "2025-01-01" } }, "where.from", "is after to"],
    [{ where: { within: {} } }, "where.within", "exactly one of bbox, circle, boundary, area"],
    [{ where: { within: { bbox: [1, 2, 3, 4], circle: [1, 2, 3] } } }, "where.within", "exactly one of"],
    [{ where: { within: { boundary: "x", match: "orign" } } }, "where.within.match", "did you mean origin?"],
    [{ having: { tips: 5 } }, "having.tips", "did you mean trips?"],
    [{ having: { trips: "many" } }, "having.trips", "expected a number"],
    [{ order: ["-tripz"] }, "order[0]", "did you mean -trips?"],
    [{ limit: 0 }, "limit", "expected at least 1"],
    [{ limit: 100_001 }, "limit", "expected at most 100000"],
    [JSON.parse('{"where": {"__proto__": 1}}'), "where.__proto__", "there is no field"],
  ])("%j is refused at %s: %s", (body, field, detail) => {
    expect(refused(body)).toMatchObject({
      code: "invalid_body",
      errors: [{ field, detail: expect.stringContaining(detail) }],
    });
  });

  it.each<[string, () => unknown, string]>([
    ["too deep", () => ({ where: nested(50) }), "nested more than 40 levels"],
    ["far too deep", () => ({ where: nested(100_000) }), "nested more than 40 levels"],
    [
      "about too many tests",
      () => ({ where: { and: [1, 2, 3].map(() => ({ or: Array.from({ length: 67 }, () => ({ hour: 1 })) })) } }),
      "expected at most 200 tests, but there are 201",
    ],
    [
      "about too many areas",
      () => ({ where: { or: Array.from({ length: 11 }, () => ({ within: { boundary: "x" } })) } }),
      "expected at most 10 areas, but there are 11",
    ],
    [
      "too much",
      () => ({ where: { or: Array.from({ length: 20_000 }, () => ({ hour: 1 })) } }),
      "more than 10000 values",
    ],
  ])("that is %s is refused without a look at all of it", (_, body, detail) => {
    expect(refused(body())).toMatchObject({
      code: "invalid_body",
      errors: [{ detail: expect.stringContaining(detail) }],
    });
  });

  it.each([
    [{ within: { bbox: [1, 2, 3, 1] } }, "where.within.bbox"],
    [{ within: { circle: [1, 2, 0] } }, "where.within.circle"],
    [
      { not: { within: { area: { type: "Polygon", coordinates: [[[0, 0]]] } } } },
      "where.not.within.area.coordinates[0]",
    ],
  ])("with an area that is none is refused as such: %j", (where, field) => {
    expect(refused({ where })).toMatchObject({ code: "invalid_area", errors: [{ field }] });
  });

  it("is refused with all its faults, each with its place", () => {
    const { errors } = refused({ select: ["count"], where: { regoin: 1, hour: 99 }, limit: -1 });
    expect(errors.map(({ field }) => field).toSorted()).toEqual(["limit", "select[0]", "where.hour", "where.regoin"]);
  });
});

describe("the JSON Schema", () => {
  // Zod takes an object that only says what it requires for one that says nothing.
  const known = JSON.parse(JSON.stringify(queryJsonSchema(), (key, value) => (key === "oneOf" ? undefined : value)));
  const schema = z.fromJSONSchema(known);
  const bodies: [boolean, unknown][] = [
    [true, {}],
    [true, { select: ["trips", { avg: "duration_s" }], by: ["week", { origin_cell: 5 }, "attributes.x"], limit: 5 }],
    [true, { where: { and: [{ region: "x" }, { not: { hour: { between: [1, 2] } } }], "attributes.x": [1].at(0) } }],
    [true, { having: { trips: { ">": 1 } } }],
    [false, { selct: [] }],
    [false, { by: ["regoin"] }],
    [false, { by: [{ origin_cell: 8 }] }],
    [false, { where: { hour: 24 } }],
    [false, { where: { not: { within: { bbox: [1] } } } }],
    [false, { limit: 0 }],
  ];
  it.each(bodies)("says, as we do: %s, %j is a query", (is, body) => {
    expect(schema.safeParse(body).success).toBe(is);
    expect(QueryDefinition.safeParse(body).success).toBe(is);
  });
});
