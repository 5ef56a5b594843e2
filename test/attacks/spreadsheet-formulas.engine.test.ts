/** Values that a spreadsheet takes for formulas, in every answer that is CSV: they stand behind an apostrophe. */
import { parse } from "csv-parse/sync";
import { beforeAll, describe, expect, it } from "vitest";
import type { Receipt } from "../../src/batches/receipt.ts";
import { ask, post, TRIP, useTarget } from "./harness/index.ts";

const target = useTarget();
const FORMULAS = ["=cmd|' /C calc'!A0", "@SUM(1)", "+1+1", "-1+1", "\t=1", "\r=1", "=1+1", ";=1"];
const isFormula = (cell: string) => /^[;\s]*[=+\-@\t\r]/.test(cell) && !/^-?\d+(\.\d+)?$/.test(cell);

let rejectsPath = "";
beforeAll(async () => {
  const bad = FORMULAS.map((text, i) => ({
    ...TRIP,
    origin: "nowhere",
    trip_id: text,
    driver_id: text,
    [`${text}${i}`]: text,
  }));
  const good = FORMULAS.map((text, i) => ({
    ...TRIP,
    trip_id: `${i}`,
    region: text.trim(),
    attributes: { note: text },
  }));
  const reply = await post(target.url, JSON.stringify([...bad, ...good]));
  expect(reply.status).toBe(200);
  rejectsPath = (JSON.parse(reply.text) as Receipt & { links: { rejects: string } }).links.rejects;
});

async function cells(path: string, body?: string): Promise<string[][]> {
  const reply = await ask(target.url, {
    path,
    ...(body ? { method: "POST", body, headers: { "content-type": "application/json" } } : {}),
  });
  expect([reply.status, reply.type]).toEqual([200, "text/csv"]);
  return parse(reply.text, { relax_column_count: true }) as string[][];
}

describe("no cell and no header is a formula", () => {
  it("in rejected rows", async () => {
    const rows = await cells(rejectsPath);
    expect(rows.length).toBe(FORMULAS.length + 1);
    expect(rows.flat().filter(isFormula)).toEqual([]);
  });

  it("in the answer to a query", async () => {
    const rows = await cells("/v1/query?format=csv", JSON.stringify({ by: ["region", "attributes.note"] }));
    expect(rows.length).toBeGreaterThan(2);
    expect(rows.flat().filter(isFormula)).toEqual([]);
  });
});

it("rejected rows that are sent back as they came are what they were", async () => {
  const csv = (await ask(target.url, { path: rejectsPath })).text;
  const mended = parse(csv, { columns: true }) as Record<string, string>[];
  expect(mended[0]).toHaveProperty("row");
  const reply = await ask(target.url, {
    method: "POST",
    path: rejectsPath,
    body: csv,
    headers: { "content-type": "text/csv" },
  });
  expect([200, 422], reply.text).toContain(reply.status);
  expect((await cells(rejectsPath)).flat()).toEqual(parse(csv, { relax_column_count: true }).flat());
});
