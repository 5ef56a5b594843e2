import { describe, expect, it } from "vitest";
import { BUILT_IN } from "../../src/mappings/built-in.ts";
import { lacks, recognise } from "../../src/mappings/mapping.ts";
import { native } from "../../src/mappings/native.ts";
import { tripsCsv } from "../../src/mappings/trips-csv.ts";
import { xrides } from "../../src/mappings/xrides.ts";

const fields = (text: string) => text.split(",");

describe("a mapping is recognised by the fields", () => {
  it.each([
    ["native", "trip_id,source,region,started_at,origin"],
    ["native", "source,started_at,origin_lon,origin_lat"],
    ["trips-csv", "region,origin_coord,destination_coord,datetime,datasource"],
    ["trips-csv", "datasource,datetime,origin_coord,note"],
    ["xrides", "booking_id,user_id,from_date,from_lat,from_long"],
    ["xrides", "row#,user_id,vehicle_model_id,from_date,from_lat,from_long,Car_Cancellation"],
  ])("%s: %s", (name, header) => {
    expect(recognise(BUILT_IN, fields(header))?.name).toBe(name);
  });

  it("and the first of the list stands for fields that fit none", () => {
    expect(recognise(BUILT_IN, ["toString", "__proto__", "x"])).toBe(native);
    expect(recognise([xrides, native], [])).toBe(xrides);
    expect(recognise([], ["source"])).toBeUndefined();
  });
});

describe("a header lacks", () => {
  it("nothing if every trip can be made from it", () => {
    expect(lacks(native, fields("source,started_at,origin"))).toEqual([]);
    expect(lacks(native, fields("source,started_at,origin_lon,origin_lat"))).toEqual([]);
    expect(lacks(xrides, fields("from_date,from_lat,from_long"))).toEqual([]);
  });

  it("what is named in the sender's own words", () => {
    expect(lacks(native, fields("started_at,origin_lon"))).toEqual(["source", "origin, or origin_lon and origin_lat"]);
    expect(lacks(tripsCsv, fields("region"))).toEqual(["datasource", "datetime", "origin_coord"]);
    expect(lacks(xrides, fields("from_date,from_lat"))).toEqual(["from_long and from_lat"]);
  });

  it("nothing for a name that objects have of their own", () => {
    expect(lacks(native, ["toString", "__proto__"])).toHaveLength(3);
  });

  it("no source where the mapping brings its own", () => {
    expect(lacks(xrides, fields("from_lat,from_long"))).toEqual(["from_date"]);
    expect(lacks({ ...native, constants: { source: "s" } }, fields("started_at,origin"))).toEqual([]);
  });
});
