import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { BUILT_IN } from "../../src/mappings/built-in.ts";
import { mappingFrom } from "../../src/mappings/mapping-definition.ts";
import { mappingFor } from "../../src/mappings/mapping-for.ts";
import { classifyRows } from "../../src/parsing/classify-rows.ts";
import { readRows } from "../../src/parsing/read-rows.ts";
import { ROW_LIMITS } from "../../src/parsing/row-limits.ts";
import { FORMATS } from "./formats.ts";

const read = (text: string) => readRows(Buffer.from(text), undefined, 1000, ROW_LIMITS);
const none = async () => [];

describe("a built-in format", () => {
  it.each(Object.entries(FORMATS))("%s is recognised, and its rows become trips", async (name, format) => {
    const sent = await read(format.rows);
    const mapping = await mappingFor(undefined, sent, none, format.source);
    expect(mapping.name).toBe(name);
    const { lookup } = format;
    const places = new Map(Object.entries(lookup?.places ?? {}));
    const { trips, rejected } = await classifyRows(sent.rows, {
      ...{ batchId: "b", mapping, identity: "content" },
      header: sent.form === "csv" ? sent.fields : undefined,
      startRange: { min: "2000-01-01", max: "2027-01-01" },
      about: { lookups: lookup ? new Map([[lookup.name, places]]) : new Map() },
    });
    expect(rejected.length, JSON.stringify(rejected[0]?.problems)).toBe(format.rejected ?? 0);
    expect(trips.length).toBe(format.trips);
    const { startedAt, origin, destination } = trips[0]?.trip ?? {};
    expect({ startedAt: startedAt?.text, origin, ...(destination ? { destination } : {}) }).toEqual(format.first);
    if (format.source !== undefined) expect(trips[0]?.trip.source).toBe(format.source);
  });

  it("has a fixture, and a row in the documentation", () => {
    const names = BUILT_IN.map(({ name }) => name).sort();
    expect(Object.keys(FORMATS).sort()).toEqual(names);
    const table = readFileSync(new URL("../../docs/formats.md", import.meta.url), "utf8");
    for (const name of names) expect(table, name).toMatch(new RegExp(`^\\| [^|]*\`${name}\``, "m"));
  });
});

describe("a table that only looks like a built-in format", () => {
  it.each([
    [
      "taxis of somebody else with the columns of New York's yellow cabs",
      "id,pickup_datetime,dropoff_datetime,pickup_longitude,pickup_latitude,dropoff_longitude,dropoff_latitude\n1,2016-03-14 17:24:55,2016-03-14 17:32:30,-73.98,40.76,-73.96,40.77\n",
      /nearest one is nyc-yellow-2010, but it has no column trip_distance; no column rate_code/,
    ],
    [
      "stations that are numbered like those of Capital Bikeshare",
      "Start date,Start station,Start station number,End date,End station,End station number\n4/1/2016 8:15,A,280,4/1/2016 8:20,B,278\n",
      /nearest one is capital-bikeshare, but it has no column Bike number/,
    ],
  ])("is refused: %s", async (_, text, detail) => {
    await expect(mappingFor(undefined, await read(text), none)).rejects.toThrow(detail);
  });

  it("is not taken for it in JSON either", async () => {
    const row = { pickup_datetime: "2016-03-14 17:24:55", pickup_longitude: -73.98, pickup_latitude: 40.76 };
    expect((await mappingFor(undefined, await read(JSON.stringify([row])), none)).name).not.toBe("nyc-yellow-2010");
  });
});

describe("a header that several fit", () => {
  const lyft = FORMATS.lyft?.rows ?? "";
  const custom = (name: string) =>
    mappingFrom(name, {
      columns: { started_at: "started_at", start_lat: "origin_lat", start_lng: "origin_lon", ride_id: "trip_id" },
      constants: { source: name },
    });

  it("asks for the source of the rows", async () => {
    await expect(mappingFor(undefined, await read(lyft), none)).rejects.toMatchObject({ code: "source_required" });
    await expect(mappingFor("lyft", await read(lyft), none)).rejects.toMatchObject({ code: "source_required" });
    expect((await mappingFor(undefined, await read(lyft), none, "divvy")).constants).toEqual({ source: "divvy" });
  });

  it("lists all of them, and takes none", async () => {
    const two = async () => [custom("citi"), custom("divvy")];
    const error = { code: "ambiguous_mapping", extra: { mappings: ["lyft", "citi", "divvy"] } };
    await expect(mappingFor(undefined, await read(lyft), two)).rejects.toMatchObject(error);
    expect((await mappingFor("citi", await read(lyft), two)).name).toBe("citi");
    expect((await mappingFor(undefined, await read(lyft), two, "bluebikes")).name).toBe("lyft");
  });

  it("is refused with the nearest mapping if none fits, whatever others have defined", async () => {
    const sent = await read("ride_id,begun,start_lat,start_lng\n1,2,3,4\n");
    const failed = mappingFor(undefined, sent, async () => [custom("citi")]);
    await expect(failed).rejects.toMatchObject({
      code: "no_mapping",
      message: expect.stringMatching(/nearest one is lyft, .*started_at.*mapping suggest/),
      extra: { mapping: "lyft", missing_columns: ["started_at"] },
    });
  });
});
