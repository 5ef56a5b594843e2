import { describe, expect, it } from "vitest";
import { chooseMapping } from "../../src/mappings/choose-mapping.ts";
import { mappingFrom } from "../../src/mappings/mapping-definition.ts";

const csv = (header: string) => ({ form: "csv" as const, fields: header.split(",") });
const json = (fields: string) => ({ form: "json" as const, fields: fields.split(",") });

const custom = (name: string, ...more: string[]) =>
  mappingFrom(name, {
    columns: {
      start_time: "started_at",
      start_lat: "origin_lat",
      start_lon: "origin_lon",
      ...Object.fromEntries(more.map((column) => [column, `attributes.${column}`])),
    },
    constants: { source: name },
  });
const bikes = custom("bikes");
const bikesAndPasses = custom("bikes-and-passes", "passholder_type");

describe("the mapping of a request", () => {
  it("is the one it names, built in or not", () => {
    expect(chooseMapping("xrides", csv("from_date,from_lat,from_long"), [bikes]).name).toBe("xrides");
    expect(chooseMapping("bikes", csv("start_time,start_lat,start_lon"), [bikes]).name).toBe("bikes");
    expect(chooseMapping("bikes", json("x"), [bikes]).name).toBe("bikes");
  });

  it("is refused with the names that there are, if it names another", () => {
    expect(() => chooseMapping("nobody", json("x"), [bikes])).toThrow(
      expect.objectContaining({
        code: "invalid_parameter",
        message: expect.stringMatching(/^mapping: expected one of native, trips-csv, .*, bikes, but got "nobody"$/),
        extra: { errors: [expect.objectContaining({ field: "mapping" })] },
      }),
    );
  });

  it.each([
    ["native", "trip_id,source,started_at,origin"],
    ["trips-csv", "datasource,datetime,origin_coord,note"],
    ["xrides", "booking_id,from_date,from_lat,from_long"],
    ["bikes-and-passes", "trip_id,start_time,start_lat,start_lon,passholder_type"],
    ["native", "source,started_at,origin_lon,origin_lat,start_time,start_lat,start_lon,passholder_type"],
  ])("is recognised, a built-in one first: %s by %s", (name, header) => {
    const both = [bikes, bikesAndPasses];
    expect(chooseMapping(undefined, csv(header), both).name).toBe(name);
    expect(chooseMapping(undefined, json(header), both).name).toBe(name);
  });

  it("is none if two fit alike", () => {
    const alike = () =>
      chooseMapping(undefined, csv("trip_id,start_time,start_lat,start_lon"), [bikes, bikesAndPasses]);
    const extra = { mappings: ["bikes", "bikes-and-passes"] };
    expect(alike).toThrow(expect.objectContaining({ code: "ambiguous_mapping", extra }));
  });

  it("is native for JSON that fits none, whose rows then say what they lack", () => {
    expect(chooseMapping(undefined, json("start_time,start_lat"), [bikes]).name).toBe("native");
    expect(chooseMapping(undefined, { form: "ndjson", fields: [] }, [bikes]).name).toBe("native");
  });
});

describe("a CSV that does not fit", () => {
  it.each<[string, string | undefined, string, string, string[]]>([
    ["the one it names", "bikes", "start_time,start_lat", "bikes", ["start_lon and start_lat"]],
    ["the best of the built-in ones", undefined, "from_date,from_lat", "xrides", ["from_long and from_lat"]],
    ["any", undefined, "a,b", "native", ["source", "started_at", "origin, or origin_lon and origin_lat"]],
  ])("%s is refused with the columns that are missing", (_, name, header, mapping, missing_columns) => {
    const code = name === undefined ? "no_mapping" : "invalid_csv";
    expect(() => chooseMapping(name, csv(header), [bikes])).toThrow(
      expect.objectContaining({ code, extra: { mapping, missing_columns, columns: header.split(",") } }),
    );
  });
});

it("says which columns a header has, short, and not all of a thousand", () => {
  const fields = ["x".repeat(5000), ...Array.from({ length: 500 }, (_, i) => `column ${i}`)];
  let extra: { columns?: string[] } = {};
  try {
    chooseMapping(undefined, { form: "csv", fields }, []);
  } catch (error) {
    extra = (error as { extra: typeof extra }).extra;
  }
  expect(extra.columns).toHaveLength(100);
  expect(extra.columns?.slice(0, 2)).toEqual([`${"x".repeat(100)}…`, "column 0"]);
});
