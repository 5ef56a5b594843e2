import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createApp } from "../../src/http/app.ts";
import { csvColumns, csvOf, ndjsonOf } from "../../src/http/rejects-text.ts";
import { mendedRows } from "../../src/ingest/mended-rows.ts";
import { rowsFrom } from "../../src/ingest/rows.ts";
import type { KeptReject, Rejects } from "../../src/rejects.ts";

const problems: KeptReject["problems"] = [{ field: "f", code: "missing", detail: 'say "x", then\r\ny' }];

const rejectsOf = (records: string[], columns?: string[]): Rejects => ({
  columns,
  pages: async function* () {
    for (const [i, record] of records.entries()) yield [{ row: i + 1, problems, record }];
  },
});

async function textOf(parts: AsyncIterable<string>): Promise<string> {
  let text = "";
  for await (const part of parts) text += part;
  return text;
}

const cell = fc.string({ unit: fc.constantFrom("a", " ", ",", '"', "'", "\n", "\r", "\t", ";", "é", "=", "\\", "0") });
const name = fc.constantFrom("a", "row", "code", "tripgrid_row", "raw", "x y", "", "__proto__", "1");

describe("rejected rows", () => {
  it("of a CSV read as the same cells from CSV and NDJSON, whatever stands in them", async () => {
    const table = fc
      .uniqueArray(name, { minLength: 1 })
      .chain((columns) =>
        fc.tuple(fc.constant(columns), fc.array(fc.array(cell, { minLength: 1, maxLength: 5 }), { minLength: 1 })),
      );
    await fc.assert(
      fc.asyncProperty(table, async ([columns, rows]) => {
        const records = rows.map((cells) =>
          JSON.stringify(
            cells.length === columns.length
              ? Object.fromEntries(columns.map((column, i) => [column, cells[i]]))
              : cells,
          ),
        );
        const rejects = rejectsOf(records, columns);
        const csv = await textOf(csvOf(rejects, await csvColumns(rejects)));
        const fromCsv = mendedRows(rowsFrom(csv, "text/csv"), columns);
        const ndjson = await textOf(ndjsonOf(rejects));
        const fromNdjson = mendedRows(rowsFrom(ndjson, "application/x-ndjson"), columns);
        for (const [i, record] of records.entries()) {
          const kept = JSON.parse(record);
          const isRecord = !Array.isArray(kept);
          expect(fromCsv[i]).toMatchObject({ row: i + 1, content: isRecord ? { record: kept } : { cells: kept } });
          expect(fromNdjson[i]?.row).toBe(i + 1);
          if (isRecord) expect(fromNdjson[i]?.content).toEqual({ record: kept });
        }
      }),
      { numRuns: 300 },
    );
  });

  it("of which a page cannot be read break the reply off, so that a part does not pass for the whole", async () => {
    const pages = async function* () {
      yield [{ row: 1, problems, record: "{}" }];
      throw new Error("the connection is gone");
    };
    const findRejects = async () => ({ columns: ["a"], pages });
    const app = createApp({ findRejects } as unknown as Parameters<typeof createApp>[0]);
    const reply = await app.request("/v1/batches/0b9a7a1c-6f0e-4b57-9b1b-2d8a51a1f111/rejects");
    expect(reply.status).toBe(200);
    await expect(reply.text()).rejects.toThrow("the connection is gone");
  });
});
