import { describe, expect, it } from "vitest";
import { contentTypeOf } from "../../src/imports/imports.ts";

describe("what a file holds, by its name", () => {
  it.each([
    ["trips.csv", "text/csv"],
    ["Trips 2025.CSV.gz", "text/csv"],
    ["a/b/trips.ndjson", "application/x-ndjson"],
    ["trips.jsonl.gz", "application/x-ndjson"],
    ["trips.json", "application/json"],
    ["trips.csv.json", "application/json"],
    ["trips.doc", undefined],
    ["trips.gz", undefined],
    ["trips.csv.zip", "application/zip"],
    ["csv", undefined],
    ["folder/.csv", undefined],
    [".csv", undefined],
  ])("%s: %s", (name, type) => {
    expect(contentTypeOf(name)).toBe(type);
  });
});
