import { describe, expect, it } from "vitest";
import { onePage } from "../../src/kit/pages.ts";
import type { QueryAnswer, Value } from "../../src/queries/query.ts";
import { headersOf, textOf } from "../../src/queries/query-text.http.ts";

type Rows = Value[][];
const answer = (rows: Rows): QueryAnswer => ({
  ...{ columns: ["region", "trips"], pages: onePage(rows), holdsSession: false, truncated: true },
  ...{ source: "hourly_regions", data_as_of: "2025-01-01T00:00:00Z", withheld: { min_trips: 5, groups: 2 } },
});
async function partsOf(rows: Rows, format: "json" | "csv" | "ndjson"): Promise<string[]> {
  const parts: string[] = [];
  for await (const part of textOf(answer(rows), format)) parts.push(part);
  return parts;
}
const text = async (rows: Rows, format: "json" | "csv" | "ndjson") => (await partsOf(rows, format)).join("");

describe("an answer as text", () => {
  it("is JSON with all that is said of it", async () => {
    const { pages: _, holdsSession: __, ...more } = answer([]);
    const rows = [
      { region: "a", trips: 1 },
      { region: null, trips: 2 },
    ];
    const json = await text(
      [
        ["a", 1],
        [null, 2],
      ],
      "json",
    );
    expect(JSON.parse(json)).toEqual({ ...more, rows });
    expect(JSON.parse(await text([], "json"))).toEqual({ ...more, rows: [] });
  });

  it("is a CSV that no spreadsheet takes for formulas", async () => {
    const rows: Rows = [
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
    expect(await text(rows, "csv")).toBe(`${lines.join("\n")}\n`);
  });

  it("is NDJSON, and both say in headers what they cannot say else", async () => {
    expect(
      await text(
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

  it("comes in parts", async () => {
    const parts = await partsOf(
      Array.from({ length: 2500 }, (_, i): [string, number] => [`r${i}`, i]),
      "json",
    );
    expect(parts.length).toBe(27);
    expect(JSON.parse(parts.join("")).rows).toHaveLength(2500);
  });
});
