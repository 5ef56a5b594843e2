import { parse as csvParse } from "csv-parse/sync";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createApp } from "../../src/app.ts";
import type { KeptReject, Rejects } from "../../src/batches/rejects.ts";
import { csvColumns, csvOf, ndjsonOf } from "../../src/batches/rejects-text.http.ts";
import { mendedRows } from "../../src/corrections/resubmitted-rows.ts";
import { rowsFrom } from "../../src/parsing/rows.ts";
import { guarded } from "../../src/text/csv-out.ts";
import { answerDeps } from "../kit/answers.ts";

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

/** A column without a name gets one from its position in the file. */
function namesIn(csv: string, columns: readonly string[]): string[] {
  const ours = (csvParse(csv, { to: 1 })[0] as string[]).length - columns.length;
  return columns.map((column, i) => column || `column_${ours + i + 1}`);
}

/** What is read of the cells of a row: surplus cells that are empty, and missing ones without a name, do not count. */
function contentOf(cells: readonly string[], names: readonly string[]) {
  const surplus = cells.slice(names.length);
  const missing = names.slice(cells.length);
  const isWhole =
    surplus.every((one) => guarded(one).trim() === "") && missing.every((one) => one.startsWith("column_"));
  return isWhole ? { record: Object.fromEntries(names.map((one, i) => [one, cells[i] ?? ""])) } : { cells };
}

describe("rejected rows", () => {
  it("of a CSV are read as the same cells from CSV and NDJSON, whatever they contain", async () => {
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
        const named = namesIn(csv, columns);
        for (const [i, record] of records.entries()) {
          const kept = JSON.parse(record);
          const isRecord = !Array.isArray(kept);
          const cells = rows[i] as string[];
          expect(fromCsv[i]).toMatchObject({ row: i + 1, content: contentOf(cells, named) });
          expect(fromNdjson[i]?.row).toBe(i + 1);
          if (isRecord) expect(fromNdjson[i]?.content).toEqual({ record: kept });
        }
      }),
      { numRuns: 300 },
    );
  });

  it("of which a page cannot be read break the reply off, so that a part does not pass for the whole", async () => {
    const records = (length: number) => Array.from({ length }, (_, i) => JSON.stringify({ a: String(i).repeat(2000) }));
    const ask = async (length: number) => {
      const pages = async function* () {
        yield records(length).map((record, i) => ({ row: i + 1, problems, record }));
        throw new Error("the connection is gone");
      };
      const findRejects = async () => ({ columns: ["a"], pages });
      const { answers, errors } = answerDeps();
      const limits = { maxVertices: 100 };
      const deps = {
        findRejects,
        answers,
        logError: answers.logError,
        limits,
        guard: () => {},
        logins: {},
        explorer: {},
      };
      const app = createApp(deps as unknown as Parameters<typeof createApp>[0]);
      return { reply: await app.request("/v1/batches/0b9a7a1c-6f0e-4b57-9b1b-2d8a51a1f111/rejects"), errors };
    };
    // As long as nothing was sent, it is a reply of its own.
    expect((await ask(10)).reply.status).toBe(500);
    const { reply, errors } = await ask(900);
    expect(reply.status).toBe(200);
    await expect(reply.text()).rejects.toThrow("the connection is gone");
    expect(errors).toEqual([new Error("the connection is gone")]);
  });
});
