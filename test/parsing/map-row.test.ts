import { describe, expect, it } from "vitest";
import type { Mapping } from "../../src/mappings/mapping.ts";
import { native } from "../../src/mappings/native.ts";
import { tripsCsv } from "../../src/mappings/trips-csv.ts";
import { xrides } from "../../src/mappings/xrides.ts";
import { mapRow } from "../../src/parsing/map-row.ts";

const RANGE = { min: "2000-01-01", max: "2027-01-01" };

const good = { source: "s", started_at: "2018-05-21T02:54:04", origin: [7.67, 44.99] };
const goodBooking = { booking_id: 5, from_date: "1/1/2013 2:00:00", from_lat: 12.9, from_long: 77.6 };
const goodCells = { source: "s", started_at: "2018-05-21T02:54:04", origin_lon: "7.67", origin_lat: "44.99" };

/** Every fault of a row, as `field code`. */
function faults(record: object, mapping: Mapping = native, fromCsv = false): string[] {
  const mapped = mapRow(record as Record<string, unknown>, mapping, fromCsv, RANGE);
  return "problems" in mapped ? mapped.problems.map(({ field, code }) => `${field} ${code}`) : [];
}

function tripOf(record: object, mapping: Mapping = native, fromCsv = false) {
  const mapped = mapRow(record as Record<string, unknown>, mapping, fromCsv, RANGE);
  if ("problems" in mapped) throw new Error(JSON.stringify(mapped.problems));
  return mapped.trip;
}

describe("a row that is a trip", () => {
  it("keeps unknown fields as attributes, beside its own attributes", () => {
    const { attributes } = tripOf({ ...good, attributes: { a: 1 }, weather: "rain", none: null });
    expect(attributes).toEqual({ a: 1, weather: "rain" });
  });

  it("has no attributes if it brings none", () => {
    expect(tripOf(good).attributes).toBeUndefined();
    expect(tripOf({ ...good, attributes: {} }).attributes).toBeUndefined();
  });

  it("of a CSV has text only, which must read as its type; empty is absent", () => {
    const cells = { ...goodCells, duration_s: "12.5", region: "", attributes: '{"a":1}' };
    expect(tripOf(cells, native, true)).toMatchObject({
      origin: [7.67, 44.99],
      durationS: 12.5,
      region: undefined,
      attributes: { a: 1 },
    });
    expect(faults({ ...cells, duration_s: "12 s" }, native, true)).toEqual(["duration_s wrong_type"]);
    expect(faults({ ...cells, attributes: "{" }, native, true)).toEqual(["attributes invalid_json"]);
    expect(faults({ ...cells, origin_lat: "0x10" }, native, true)).toEqual(["origin_lat wrong_type"]);
    expect(faults({ ...cells, origin_lat: "1e999" }, native, true)).toEqual(["origin_lat out_of_range"]);
  });

  it("of XRides takes its id, its rider and the rest from their columns", () => {
    const row = { ...goodBooking, user_id: 7, vehicle_model_id: 28, travel_type_id: 2, to_date: null, driver_id: 0 };
    expect(tripOf(row, xrides)).toMatchObject({
      tripId: "5",
      source: "xrides",
      riderId: "7",
      vehicleModel: "28",
      driverId: "0",
      origin: [77.6, 12.9],
      startedAt: { kind: "naive", text: "2013-01-01T02:00:00" },
      endedAt: undefined,
      attributes: { travel_type_id: 2 },
    });
  });

  it("of XRides as CSV may write whole numbers as data frames do", () => {
    const row = { from_date: "1/1/13 2:00", from_lat: "12.9", from_long: "77.6", to_area_id: "448.0" };
    expect(tripOf(row, xrides, true).attributes).toEqual({ to_area_id: 448 });
  });

  it("of trips-csv reads its WKT", () => {
    const row = {
      region: "Turin",
      origin_coord: "POINT (7.67 44.99)",
      destination_coord: "",
      datetime: "2018-05-21 02:54:04",
      datasource: "s",
    };
    expect(tripOf(row, tripsCsv, true)).toMatchObject({ region: "Turin", source: "s", destination: undefined });
  });

  it("may begin on the first and on the last day of the range", () => {
    for (const started_at of ["2000-01-01T00:00:00", "2027-01-01T23:59:59", "2027-01-01T23:59:59Z"]) {
      expect(tripOf({ ...good, started_at }).startedAt.text.slice(0, 19)).toBe(started_at.slice(0, 19));
    }
  });

  it("may have ended at a time that its start may not have", () => {
    expect(tripOf({ ...good, ended_at: "1970-01-01T00:00:00" }).endedAt?.text).toBe("1970-01-01T00:00:00");
  });
});

describe("a row that is no trip says of every field what is wrong", () => {
  it.each<[string, object, string[]]>([
    ["nothing in it", {}, ["source missing", "started_at missing", "origin missing"]],
    [
      "nulls",
      { source: null, started_at: null, origin: null },
      ["source missing", "started_at missing", "origin missing"],
    ],
    ["a latitude of 131", { ...good, origin: [7.67, 131] }, ["origin out_of_range"]],
    ["an unknown WKT", { ...good, origin: "CIRCLE (1 2 3)" }, ["origin invalid_point"]],
    ["a bad destination", { ...good, destination: [7.67] }, ["destination invalid_point"]],
    ["half an origin", { ...good, origin: null, origin_lon: 7.67 }, ["origin_lat missing"]],
    ["half a destination", { ...good, destination_lat: 44.99 }, ["destination_lon missing"]],
    ["a latitude as text", { ...good, origin: null, origin_lon: 7, origin_lat: "44" }, ["origin_lat wrong_type"]],
    ["a bad time", { ...good, started_at: "2018-02-30T00:00:00" }, ["started_at invalid_time"]],
    ["a time as a number", { ...good, started_at: 1526871244 }, ["started_at wrong_type"]],
    ["a time before 2000", { ...good, started_at: "1999-12-31T23:59:59" }, ["started_at out_of_range"]],
    ["a time too far ahead", { ...good, started_at: "2027-01-02T00:00:00" }, ["started_at out_of_range"]],
    ["an end that cannot be stored", { ...good, ended_at: "9999-01-01T00:00:00" }, ["ended_at out_of_range"]],
    ["a negative duration", { ...good, duration_s: -1 }, ["duration_s out_of_range"]],
    ["an infinite distance", { ...good, distance_m: Number.POSITIVE_INFINITY }, ["distance_m out_of_range"]],
    ["a number for a name", { ...good, source: 5 }, ["source wrong_type"]],
    ["an empty name", { ...good, source: " " }, ["source invalid_text"]],
    ["a long name", { ...good, trip_id: "x".repeat(201) }, ["trip_id invalid_text"]],
    ["a step of a path for an id", { ...good, trip_id: "." }, ["trip_id invalid_text"]],
    ["two steps of a path for an id", { ...good, trip_id: ".." }, ["trip_id invalid_text"]],
    ["an integer beyond 2^53", { ...good, attributes: { a: [2 ** 53] } }, ["attributes invalid_json"]],
    ["an integer beyond 2^53 of its own", { ...good, order: -(2 ** 60) }, ["order invalid_text"]],
    ["a NUL", { ...good, region: "a\0" }, ["region invalid_text"]],
    ["half a surrogate pair", { ...good, driver_id: "\ud800" }, ["driver_id invalid_text"]],
    ["a NUL deep in attributes", { ...good, attributes: { a: [{ b: "\0" }] } }, ["attributes invalid_json"]],
    ["a NUL in a name of its own", { ...good, "x\0": 1 }, ["x invalid_text"]],
    [
      "names of objects' own for fields",
      { toString: "\0", source: "s" },
      ["toString invalid_text", "started_at missing", "origin missing"],
    ],
    ["attributes that are a list", { ...good, attributes: [] }, ["attributes wrong_type"]],
    [
      "several faults",
      { source: 5, started_at: "x", origin: [0, 131], duration_s: "1" },
      ["source wrong_type", "started_at invalid_time", "origin out_of_range", "duration_s wrong_type"],
    ],
  ])("%s", (_, record, expected) => {
    expect(faults(record).sort()).toEqual(expected.sort());
  });

  it.each<[string, object, string]>([
    ['"28" for a number', { ...goodBooking, vehicle_model_id: "28" }, "vehicle_model_id wrong_type"],
    ["a fraction for an integer", { ...goodBooking, user_id: 1.5 }, "user_id wrong_type"],
    ["an id beyond 2^53", { ...goodBooking, booking_id: 2 ** 53 }, "booking_id out_of_range"],
    ["a bad booking time", { ...goodBooking, booking_created: "1/1-2013 1:39:00" }, "booking_created invalid_time"],
    ["no origin", { ...goodBooking, from_lat: null, from_long: null }, "origin missing"],
  ])("in the sender's own words: %s", (_, record, expected) => {
    expect(faults(record, xrides)).toEqual([expected]);
  });
});
