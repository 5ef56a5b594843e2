import { describe, expect, it } from "vitest";
import { mappingFrom } from "../../src/mappings/mapping-definition.ts";
import { compileCells, compileMapping, type Mapped } from "../../src/parsing/map-row.ts";

const RANGE = { min: "2000-01-01", max: "2027-01-01" };
const COLUMNS = { t: "started_at", lon: "origin_lon", lat: "origin_lat" };

/** What a row with these cells beside a good start becomes. */
function map(columns: object, more: object, row: Record<string, unknown>, fromCsv = true): Mapped {
  const mapping = mappingFrom("m", { columns: { ...COLUMNS, ...columns }, constants: { source: "s" }, ...more });
  const good = { t: "2018-05-21T02:54:04", lon: fromCsv ? "7.67" : 7.67, lat: fromCsv ? "44.99" : 44.99 };
  const record: Record<string, unknown> = { ...good, ...row };
  const mapped = compileMapping(mapping, fromCsv, RANGE)(record);
  if (fromCsv) {
    const cells = Object.values(record) as string[];
    expect(compileCells(mapping, Object.keys(record), RANGE)(cells)).toEqual(mapped);
  }
  return mapped;
}

function trip(...given: Parameters<typeof map>) {
  const mapped = map(...given);
  if ("problems" in mapped) throw new Error(JSON.stringify(mapped.problems));
  return mapped.trip;
}

const faults = (...given: Parameters<typeof map>) => {
  const mapped = map(...given);
  return "problems" in mapped ? mapped.problems.map(({ field, code }) => `${field} ${code}`) : [];
};

describe("a duration or distance", () => {
  it.each([
    ["duration_s", "min", "4.5", 270],
    ["duration_s", "h", "2", 7200],
    ["duration_s", "ms", "1500", 1.5],
    ["duration_s", "s", "90", 90],
    ["distance_m", "km", "4.62", 4620],
    ["distance_m", "mi", "2", 3218.688],
    ["distance_m", "ft", "10", 3.048],
  ])("%s in %s: %s is %d", (to, unit, cell, expected) => {
    const { durationS, distanceM } = trip({ x: { to, unit } }, {}, { x: cell });
    expect((to === "duration_s" ? durationS : distanceM) ?? Number.NaN).toBeCloseTo(expected, 9);
    const whole = trip({ x: { to, unit, type: "integer" } }, {}, { x: "3" });
    expect(whole.durationS ?? whole.distanceM).toBeCloseTo((expected / Number(cell)) * 3, 9);
  });

  it("is refused if it is negative, no number, or too large once converted", () => {
    const column = { x: { to: "duration_s", unit: "h" } };
    expect(faults(column, {}, { x: "-1" })).toEqual(["x out_of_range"]);
    expect(faults(column, {}, { x: "1 h" })).toEqual(["x wrong_type"]);
    expect(faults(column, {}, { x: "1e308" })).toEqual(["x out_of_range"]);
  });
});

describe("what stands for no value", () => {
  const end = { elon: { to: "destination_lon", empty: [0] }, elat: { to: "destination_lat", empty: [0] } };

  it.each([
    ["0", "0"],
    ["0.000", "-0"],
    ["", "0"],
    ["", ""],
    [" 0 ", ""],
  ])("in its column: %j and %j are no place", (elon, elat) => {
    expect(trip(end, {}, { elon, elat }).destination).toBeUndefined();
  });

  it("in its column only, and not what merely begins like it", () => {
    expect(trip(end, {}, { elon: "0.5", elat: "44" }).destination).toEqual([0.5, 44]);
    expect(trip({ ...end, d: "duration_s" }, {}, { d: "0" }).durationS).toBe(0);
    expect(faults(end, {}, { elon: " ", elat: "44" })).toEqual(["elon wrong_type"]);
  });

  it("in every column, also in those without a rule", () => {
    const more = { empty: ["NULL", "\\N"] };
    const made = trip({ ...end, who: "rider_id" }, more, { elon: "NULL", elat: "\\N", who: "NULL", x: "NULL", y: "z" });
    expect(made).toMatchObject({ destination: undefined, riderId: undefined, attributes: { y: "z" } });
    expect(faults({}, more, { t: "NULL" })).toEqual(["t missing"]);
  });

  it("in JSON is the number itself or the text itself", () => {
    expect(trip(end, {}, { elon: 0, elat: 0 }, false).destination).toBeUndefined();
    expect(faults(end, {}, { elon: "0", elat: 0 }, false)).toEqual(["elon wrong_type"]);
    expect(trip({ who: "rider_id" }, { empty: [""] }, { who: "" }, false).riderId).toBeUndefined();
  });
});

describe("constants", () => {
  const constants = { source: "s", region: "Turin", vehicle_model: "bike", "attributes.fleet": "red" };

  it("stand where a row has nothing of its own", () => {
    const columns = { city: "region", fleet: "attributes.fleet" };
    expect(trip(columns, { constants }, { city: "", fleet: "" })).toMatchObject({
      ...{ source: "s", region: "Turin", vehicleModel: "bike", attributes: { fleet: "red" } },
    });
    expect(trip(columns, { constants }, { city: "Milan", fleet: "blue" })).toMatchObject({
      ...{ region: "Milan", attributes: { fleet: "blue" } },
    });
  });
});

describe("an id", () => {
  it("may be a whole number in JSON, and is text then", () => {
    expect(trip({ id: "trip_id", model: "vehicle_model" }, {}, { id: 94851570, model: "x" }, false)).toMatchObject({
      ...{ tripId: "94851570", vehicleModel: "x" },
    });
    expect(trip({ id: { to: "trip_id", type: "integer" } }, {}, { id: 5 }, false).tripId).toBe("5");
  });

  it.each([[1.5], [2 ** 53], [true], [" "]])("may not be %j", (id) => {
    expect(faults({ id: "trip_id" }, {}, { id }, false)).toHaveLength(1);
  });

  it("in a CSV is kept as it is written", () => {
    expect(trip({ id: "trip_id" }, {}, { id: "06279" }).tripId).toBe("06279");
  });
});

describe("a time", () => {
  it("of a mapping with a time zone is a moment there", () => {
    expect(trip({}, { time_zone: "Europe/Rome" }, {}).startedAt).toEqual({
      ...{ kind: "instant", text: "2018-05-21T02:54:04 Europe/Rome" },
    });
    expect(faults({}, { time_zone: "Europe/Rome" }, { t: "1999-12-31T23:59:59" })).toEqual(["t out_of_range"]);
  });

  it("may be a number in JSON where the mapping has unix times", () => {
    const expected = { kind: "instant", text: "2018-05-21T00:54:04+00:00" };
    expect(trip({}, { time_formats: ["unix"] }, { t: 1526864044 }, false).startedAt).toEqual(expected);
    expect(trip({}, { time_formats: ["iso", "unix_ms"] }, { t: 1526864044000 }, false).startedAt).toEqual(expected);
    expect(faults({}, { time_formats: ["iso"] }, { t: 1526864044 }, false)).toEqual(["t wrong_type"]);
    expect(faults({}, { time_formats: ["unix"] }, { t: 1e300 }, false)).toEqual(["t invalid_time"]);
  });
});

describe("columns", () => {
  it("can be dropped, one by one or all that have no rule", () => {
    expect(trip({ x: "drop" }, {}, { x: "1", y: "2" }).attributes).toEqual({ y: "2" });
    expect(trip({ x: "attributes.z" }, { other_columns: "drop" }, { x: "1", y: "2" }).attributes).toEqual({ z: "1" });
  });

  it("become attributes under another name, with whatever type is said", () => {
    const columns = {
      a: "attributes.any",
      b: { to: "attributes.n", type: "integer" },
      c: { to: "attributes", type: "object" },
    };
    expect(trip(columns, {}, { a: "1", b: "448.0", c: '{"deep":[1]}' }).attributes).toEqual({
      any: "1",
      n: 448,
      deep: [1],
    });
    expect(trip(columns, {}, { a: { b: [true] } }, false).attributes).toEqual({ any: { b: [true] } });
  });

  it("with both coordinates are read in the order that is said", () => {
    const mapping = { columns: { t: "started_at", at: { to: "origin", form: "lat_lon" } }, constants: { source: "s" } };
    const mapped = compileMapping(mappingFrom("m", mapping), true, RANGE)({ t: "2018-05-21 02:54", at: "45.07, 7.68" });
    expect(mapped).toMatchObject({ trip: { origin: [7.68, 45.07] } });
  });

  it("are read again for every row, and no row sees values of the one before", () => {
    const mapping = mappingFrom("m", { columns: { ...COLUMNS, who: "rider_id" }, constants: { source: "s" } });
    const mapCells = compileCells(mapping, ["t", "lon", "lat", "who", "x"], RANGE);
    expect(mapCells(["2018-05-21T02:54:04", "7", "44", "r", "1"])).toMatchObject({
      trip: { riderId: "r", attributes: { x: "1" } },
    });
    expect(mapCells(["", "7", "144", "", "2"])).toMatchObject({ problems: [{ field: "lat" }, { field: "t" }] });
    const third = mapCells(["2018-05-21T02:54:04", "8", "45", "", ""]);
    expect(third).toMatchObject({ trip: { origin: [8, 45], riderId: undefined, attributes: undefined } });
  });
});
