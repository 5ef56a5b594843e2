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
    for (const name of names) expect(table, name).toContain(`| \`${name}\` |`);
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
