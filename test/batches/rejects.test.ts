import { describe, expect, it } from "vitest";
import { contentOf, ourCells, prefixBeside, prefixIn } from "../../src/batches/rejects.ts";

describe("our columns", () => {
  it.each([
    [["source", "rows", "Row", "tripgrid_rows"], ""],
    [["source", "detail"], "tripgrid_"],
    [["tripgrid_row"], "tripgrid_tripgrid_"],
    [["tripgrid_code", "row", "tripgrid_tripgrid_field"], "tripgrid_tripgrid_tripgrid_"],
  ])("beside %j begin with %j, and are found again among them", (columns, prefix) => {
    expect(prefixBeside(columns)).toBe(prefix);
    expect(prefixIn([...columns, `${prefix}row`, `${prefix}field`])).toBe(prefix);
  });

  it("are not found where there is no row", () => {
    expect(prefixIn(["field", "code", "rows"])).toBeUndefined();
  });

  it("join all faults of a row", () => {
    const problems = [
      { field: "a", code: "missing", detail: "x" },
      { field: "b", code: "out_of_range", detail: "y" },
    ] as const;
    expect(ourCells(7, problems)).toEqual([7, "a; b", "missing; out_of_range", "x; y"]);
  });
});

describe("a kept record", () => {
  it.each([
    ['{"a": 1}', true, { record: { a: 1 } }],
    ['["a","b"]', true, { cells: ["a", "b"] }],
    ['["a","b"]', false, { raw: '["a","b"]' }],
    ["5", false, { raw: "5" }],
    ["null", false, { raw: "null" }],
    ["{broken", false, { raw: "{broken" }],
  ])("%s (of a CSV: %s) holds %j", (kept, fromCsv, content) => {
    expect(contentOf(kept, fromCsv)).toEqual(content);
  });
});
