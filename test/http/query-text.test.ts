import { describe, expect, it } from "vitest";
import { headersOf, textOf } from "../../src/http/query-text.ts";
import type { QueryAnswer } from "../../src/query.ts";

const answer = (rows: QueryAnswer["rows"]): QueryAnswer => ({
  ...{ columns: ["region", "trips"], isText: [true, false], rows, truncated: true },
  ...{ source: "hourly_regions", data_as_of: "2025-01-01T00:00:00Z", withheld: { min_trips: 5, groups: 2 } },
});
const text = (rows: QueryAnswer["rows"], format: "json" | "csv" | "ndjson") =>
  [...textOf(answer(rows), format)].join("");

describe("an answer as text", () => {
  it("is JSON with all that is said of it", () => {
    const { isText: _, ...more } = answer([]);
    const rows = [
      { region: "a", trips: 1 },
      { region: null, trips: 2 },
    ];
    expect(
      JSON.parse(
        text(
          [
            ["a", 1],
            [null, 2],
          ],
          "json",
        ),
      ),
    ).toEqual({ ...more, rows });
    expect(JSON.parse(text([], "json"))).toEqual(more);
  });

  it("is a CSV that no spreadsheet takes for formulas", () => {
    const rows: QueryAnswer["rows"] = [
      ['=HYPERLINK("http://x")', -1],
      ["+1", 2],
      ["-a", 3],
      ["@a", 4],
      ["\ta", 5],
      ["a=b", 6],
      [null, 7],
    ];
    const lines = [
      "region,trips",
      `"'=HYPERLINK(""http://x"")",-1`,
      "'+1,2",
      "'-a,3",
      "'@a,4",
      "'\ta,5",
      "a=b,6",
      ",7",
    ];
    expect(text(rows, "csv")).toBe(`${lines.join("\n")}\n`);
  });

  it("is NDJSON, and both say in headers what they cannot say else", () => {
    expect(
      text(
        [
          ["a", 1],
          [null, 2],
        ],
        "ndjson",
      ),
    ).toBe('{"region":"a","trips":1}\n{"region":null,"trips":2}\n');
    expect(headersOf(answer([]))).toEqual({
      ...{ "Tripgrid-Source": "hourly_regions", "Tripgrid-Data-As-Of": "2025-01-01T00:00:00Z" },
      ...{ "Tripgrid-Truncated": "true", "Tripgrid-Withheld-Groups": "2" },
    });
  });

  it("comes in parts", () => {
    const rows = Array.from({ length: 2500 }, (_, i): [string, number] => [`r${i}`, i]);
    const parts = [...textOf(answer(rows), "json")];
    expect(parts.length).toBe(5);
    expect(JSON.parse(parts.join("")).rows).toHaveLength(2500);
  });
});
