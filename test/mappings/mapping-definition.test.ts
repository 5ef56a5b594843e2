import { describe, expect, it } from "vitest";
import { AppError } from "../../src/errors.ts";
import { BUILT_IN } from "../../src/mappings/built-in.ts";
import { definitionOf, mappingFrom } from "../../src/mappings/mapping-definition.ts";

const good = { columns: { s: "source", t: "started_at", p: "origin" } };

/** Every fault of a definition, as `field: detail`. */
function faults(definition: unknown): string[] {
  try {
    mappingFrom("m", definition);
    return [];
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    expect(error.code).toBe("invalid_body");
    return (error.extra.errors as { field: string; detail: string }[]).map(
      ({ field, detail }) => `${field}: ${detail}`,
    );
  }
}

describe("a mapping's definition", () => {
  it("needs to say no more than what the columns become", () => {
    expect(mappingFrom("m", good)).toEqual({
      name: "m",
      columns: {
        s: { to: "source", type: "text" },
        t: { to: "started_at", type: "time" },
        p: { to: "origin", type: "point" },
      },
      constants: {},
      timeFormats: ["iso"],
      otherColumns: "attributes",
    });
  });

  it.each([
    ["trip_id", "id"],
    ["driver_id", "id"],
    ["region", "text"],
    ["ended_at", "time"],
    ["duration_s", "number"],
    ["destination", "point"],
    ["attributes", "object"],
    ["attributes.x", "any"],
    ["drop", "any"],
  ])("takes a column for %s to hold %s if nothing else is said", (to, type) => {
    expect(mappingFrom("m", { columns: { ...good.columns, x: to } }).columns.x).toEqual({ to, type });
  });

  it("is given back as short as it goes, and means the same then", () => {
    const long = {
      columns: {
        id: { to: "trip_id", type: "integer" },
        s: { to: "source", type: "text" },
        t: { to: "started_at", type: "time" },
        p: { to: "origin", type: "point", form: "lat_lon" },
        d: { to: "duration_s", unit: "min", empty: ["-", 0] },
      },
      constants: { region: "Turin", "attributes.fleet": "bikes" },
      time_formats: ["D/M/YYYY H:MM"],
      time_zone: "Europe/Rome",
      empty: ["NULL"],
      other_columns: "drop",
    };
    const short = definitionOf(mappingFrom("m", long));
    expect(short).toEqual({
      ...long,
      columns: { ...long.columns, s: "source", t: "started_at", p: { to: "origin", form: "lat_lon" } },
    });
    expect(mappingFrom("m", short)).toEqual(mappingFrom("m", long));
  });

  it("is what the built-in ones are as well", () => {
    for (const mapping of BUILT_IN) {
      const sent = JSON.parse(JSON.stringify(definitionOf(mapping)));
      if (mapping.asksSource) sent.constants = { source: "s" };
      const { asksSource, knownBy, ...same } = mapping;
      const constants = asksSource ? { source: "s" } : same.constants;
      expect(mappingFrom(mapping.name, sent)).toEqual({ ...same, constants });
    }
  });
});

describe("a definition is refused, each fault with its path:", () => {
  const targets =
    "trip_id, source, region, started_at, ended_at, booked_at, duration_s, distance_m, origin, origin_lon";
  it.each<[string, unknown, string | RegExp]>([
    ["no object", [], ": expected an object, but got []"],
    ["no columns", {}, "columns: expected an object, but it is not there"],
    ["an unknown member", { ...good, othr: 1 }, "othr: there is no such member"],
    [
      "a number for a rule",
      { columns: { ...good.columns, x: 5 } },
      /^columns\.x: expected a target as text.*but got 5$/,
    ],
    [
      "an unknown member of a rule",
      { columns: { ...good.columns, x: { to: "drop", typ: 1 } } },
      "columns.x.typ: there is no such member",
    ],
    [
      "a rule without target",
      { columns: { ...good.columns, x: {} } },
      "columns.x.to: expected text, but it is not there",
    ],
    [
      "an unknown target",
      { columns: { ...good.columns, x: "start" } },
      new RegExp(`^columns.x.to: expected one of ${targets}.*, but got "start"$`),
    ],
    [
      "attributes without a name",
      { columns: { ...good.columns, x: "attributes." } },
      /^columns\.x\.to: expected one of/,
    ],
    [
      "an unknown type",
      { columns: { ...good.columns, x: { to: "drop", type: "date" } } },
      /^columns\.x\.type: expected one of text, id, .*but got "date"$/,
    ],
    [
      "a type that the target cannot have",
      { columns: { ...good.columns, x: { to: "ended_at", type: "text" } } },
      "columns.x.type: expected time for ended_at, but got text",
    ],
    [
      "an unknown form",
      { columns: { ...good.columns, p: { to: "origin", form: "utm" } } },
      /^columns\.p\.form: expected one of any, wkt/,
    ],
    [
      "a form of no point",
      { columns: { ...good.columns, x: { to: "region", form: "wkt" } } },
      /^columns\.x\.form: only a column/,
    ],
    [
      "an unknown unit",
      { columns: { ...good.columns, x: { to: "duration_s", unit: "km" } } },
      'columns.x.unit: expected one of s, ms, min, h, but got "km"',
    ],
    [
      "a unit of no amount",
      { columns: { ...good.columns, x: { to: "region", unit: "km" } } },
      /^columns\.x\.unit: only durations/,
    ],
    [
      "two columns for one target",
      { columns: { ...good.columns, x: "source" } },
      "columns.x: s becomes source already, and only one column can",
    ],
    ["a NUL in a column", { columns: { ...good.columns, "x\0": "drop" } }, /control characters/],
    [
      "an unknown constant",
      { ...good, constants: { trip_id: "x" } },
      /^constants\.trip_id: expected one of source, region,.*attributes\.NAME, but got "trip_id"$/,
    ],
    [
      "a blank constant",
      { ...good, constants: { region: " " } },
      /^constants\.region: expected text that can be a name/,
    ],
    ["a number for a constant", { ...good, constants: { region: 5 } }, "constants.region: expected text, but got 5"],
    [
      "an unknown time format",
      { ...good, time_formats: ["iso", "q"] },
      /^time_formats\.1: expected iso, unix, unix_ms, unix_us, unix_ns, dotnet, excel or a pattern such as .*, but got "q": q is none of/,
    ],
    ["no time format", { ...good, time_formats: [] }, "time_formats: expected at least 1 members, but got []"],
    [
      "an unknown time zone",
      { ...good, time_zone: "Mars/Olympus" },
      /^time_zone: expected the IANA name.*but got "Mars\/Olympus"$/,
    ],
    ["an offset for a time zone", { ...good, time_zone: "+01:00" }, /^time_zone/],
    ["an abbreviation for a time zone", { ...good, time_zone: "CET" }, /^time_zone/],
    ["a truth for an empty value", { ...good, empty: [true] }, "empty.0: expected text or a number, but got true"],
    [
      "half a destination",
      { columns: { ...good.columns, x: "destination_lon" } },
      "columns: expected a column for destination_lat, but there is none",
    ],
  ])("%s", (_, definition, fault) => {
    expect(faults(definition)).toEqual([typeof fault === "string" ? fault : expect.stringMatching(fault)]);
  });

  it("a name that no object can have", () => {
    const sent = JSON.parse('{"columns": {"s": "source", "t": "started_at", "p": "origin", "__proto__": "region"}}');
    expect(faults(sent)).toEqual(["columns.__proto__: no column can have this name"]);
  });

  it("what can never make a trip", () => {
    expect(faults({ columns: {} })).toEqual([
      "columns: expected a column for source, or source in constants, but there is none",
      "columns: expected a column for started_at, but there is none",
      "columns: expected a column for origin or path, or two for origin_lon and origin_lat, but there is none",
    ]);
    expect(faults({ columns: { t: "started_at", x: "origin_lon" }, constants: { source: "s" } })).toEqual([
      "columns: expected a column for origin_lat, but there is none",
    ]);
  });

  it("several faults at once, but no column of too many", () => {
    const many = Object.fromEntries(Array.from({ length: 900 }, (_, i) => [`c${i}`, "x"]));
    expect(faults({ columns: many })).toHaveLength(903);
    expect(
      faults({ columns: { ...many, ...Object.fromEntries(Array.from({ length: 101 }, (_, i) => [`d${i}`, "x"])) } }),
    ).toEqual(["columns: expected at most 1000, but there are 1001"]);
  });

  it.each(["UTC", "Europe/Rome", "America/Argentina/Buenos_Aires", "Etc/GMT+3", "Asia/Kolkata"])(
    "not the time zone %s",
    (time_zone) => {
      expect(faults({ ...good, time_zone })).toEqual([]);
    },
  );
});
