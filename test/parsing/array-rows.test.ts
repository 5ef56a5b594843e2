import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readRows } from "../../src/parsing/read-rows.ts";
import { ROW_LIMITS } from "../../src/parsing/row-limits.ts";
import type { SentRow } from "../../src/parsing/sent-row.ts";
import { jsonRowParts, type RowBlock, streamRows } from "../../src/parsing/stream-rows.ts";
import { suggestText } from "../../src/suggestions/suggest-text.ts";
import type { Reading } from "../../src/text/text-format.ts";

const TYPE = "application/json";

const plain = (row: SentRow) => ("record" in row ? { ...row.record } : row.fault.detail);
const read = async (json: unknown, reading: Reading = {}) => {
  const { rows, format } = await readRows(Buffer.from(JSON.stringify(json)), TYPE, 1000, ROW_LIMITS, reading);
  return { rows: rows.map(plain), path: format?.rows };
};

const ROWS = [
  ["a", 7.67, [1]],
  ["b", 7.68, null],
];
const RECORDS = [
  { id: "a", lon: 7.67, more: [1] },
  { id: "b", lon: 7.68, more: null },
];
const NAMES = ["id", "lon", "more"];

describe("rows of JSON that are arrays", () => {
  it.each<[string, unknown, string]>([
    ["a list of names", { columns: NAMES, index: [0, 1], data: ROWS }, "data"],
    ["a list of columns", { meta: NAMES.map((name) => ({ name, type: "String" })), data: ROWS, rows: 2 }, "data"],
    ["a list of fields", { fields: NAMES.map((id) => ({ type: "text", id })), records: ROWS }, "records"],
    [
      "the names for programs, where there are others for people",
      { meta: { view: { columns: NAMES.map((fieldName, id) => ({ id, name: "x", fieldName })) } }, data: ROWS },
      "data",
    ],
    ["the list that has as many names", { tags: ["a", "b"], columns: NAMES, keys: ["id"], data: ROWS }, "data"],
    ["the first row", { range: "A1:C3", values: [NAMES, ...ROWS] }, "values"],
    ["the first row of the document", [NAMES, ...ROWS], ""],
  ])("are named by %s", async (_, document, path) => {
    expect(await read(document)).toEqual({ rows: RECORDS, path });
  });

  it("are found behind a description that is longer than what is usually looked at", async () => {
    const columns = NAMES.map((fieldName) => ({ fieldName, top: "x".repeat(50_000) }));
    expect(await read({ meta: { view: { columns } }, data: ROWS })).toEqual({ rows: RECORDS, path: "data" });
  });

  it("are found behind 900 levels and 100,000 arrays", async () => {
    const deep = `${'{"a":'.repeat(900)}{${'"a":[],'.repeat(100_000)}"b":1}${"}".repeat(900)}`;
    const body = Buffer.from(`{"x":${deep},"columns":${JSON.stringify(NAMES)},"data":${JSON.stringify(ROWS)}}`);
    const { rows } = await readRows(body, TYPE, 1000, ROW_LIMITS);
    expect(rows.map(plain)).toEqual(RECORDS);
  });

  it("are positions where a mapping says so", async () => {
    const rows = [
      { 1: "a", 2: 7.67, 3: [1] },
      { 1: "b", 2: 7.68, 3: null },
    ];
    expect(await read({ data: ROWS }, { hasHeader: false })).toEqual({ rows, path: "data" });
    expect(await read(ROWS, { hasHeader: false })).toEqual({ rows, path: undefined });
  });

  it("are rejected where nothing names their columns", async () => {
    for (const document of [
      ROWS,
      { data: ROWS },
      { columns: ["id", "lon"], data: ROWS },
      { columns: ["a", "a", "b"], data: ROWS },
    ])
      expect((await read(document)).rows).toEqual(Array(2).fill(expect.stringContaining('`"header": false`')));
  });

  it("are rejected one by one where they have another number of members", async () => {
    const { rows } = await read({ columns: NAMES, data: [...ROWS, ["c"], ["d", 1, 2, 3], { id: "e" }] });
    expect(rows).toEqual([
      ...RECORDS,
      "expected 3 members, one for each column, but got 1",
      "expected 3 members, one for each column, but got 4",
      { id: "e" },
    ]);
    const wide = await read([Array(1001).fill(0)], { hasHeader: false });
    expect(wide.rows).toEqual(["expected at most 1000 members, one for each column, but got 1001"]);
  });

  it("are the same in pieces, from the end of each block on, and when they are only looked through", async () => {
    const cell = fc.oneof(fc.string(), fc.double(), fc.constant(null), fc.array(fc.string(), { maxLength: 2 }));
    const table = fc.array(fc.tuple(cell, cell, cell), { minLength: 1, maxLength: 12 });
    const place = fc.constantFrom("before", "first row", "sheet", "positions");
    await fc.assert(
      fc.asyncProperty(
        table,
        place,
        fc.integer({ min: 1, max: 60 }),
        fc.integer({ min: 1, max: 4 }),
        async (rows, where, size, rowsABlock) => {
          // JSON has no number without end.
          const known = JSON.parse(JSON.stringify(rows)) as unknown[][];
          const names = where === "positions" ? ["1", "2", "3"] : NAMES;
          const expected = known.map((row) => Object.fromEntries(names.map((name, i) => [name, row[i]])));
          const document = {
            before: { columns: NAMES, data: rows },
            "first row": { data: [NAMES, ...rows] },
            sheet: [NAMES, ...rows],
            positions: rows,
          }[where];
          const bytes = Buffer.from(JSON.stringify(document, null, size % 2));
          async function* pieces() {
            for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
          }
          const reading: Reading = where === "positions" ? { hasHeader: false } : {};
          const stream = await streamRows(pieces(), TYPE, rowsABlock, undefined, undefined, ROW_LIMITS, reading);
          const blocks: RowBlock[] = [];
          for await (const block of stream.blocks) blocks.push(block);
          expect(blocks.flatMap((block) => block.rows.map(plain))).toEqual(expected);
          let looked = 0;
          for await (const part of jsonRowParts(pieces(), reading, ROW_LIMITS)) looked += part.rows.length;
          expect(looked).toBe(rows.length);
          let done = 0;
          for (const { rows: some, endByte } of blocks) {
            done += some.length;
            const resume = { rows: done, endByte };
            const isWhole = stream.format.rows !== undefined;
            async function* rest() {
              yield isWhole ? bytes : bytes.subarray(endByte);
            }
            const again = { form: stream.form, header: undefined, resume, format: stream.format };
            const left = await streamRows(rest(), TYPE, 100, again, undefined, ROW_LIMITS, reading);
            const found: unknown[] = [];
            for await (const block of left.blocks) found.push(...block.rows.map(plain));
            expect(found).toEqual(expected.slice(done));
          }
        },
      ),
      { numRuns: 150 },
    );
  });
});

describe("a suggestion for rows that are arrays", () => {
  const suggested = (document: unknown) => {
    async function* open() {
      yield Buffer.from(JSON.stringify(document));
    }
    return suggestText(open, { otherwise: "file" }, async () => new Map());
  };

  it("uses the names that the file has for them", async () => {
    const columns = ["trip_id", "start_time", "start_latitude", "start_longitude"].map((fieldName) => ({ fieldName }));
    const { mapping, trial } = await suggested({
      meta: { view: { columns } },
      data: [["t1", "2024-05-21T08:00:00", "45.05", "7.67"]],
    });
    expect(mapping).toMatchObject({ rows: "data[*]", columns: { start_latitude: "origin_lat" } });
    expect(trial).toMatchObject({ rows: 1, trips: 1 });
  });

  it("goes by position where there are none", async () => {
    const { mapping, trial } = await suggested({
      table: [["2024-05-21T08:00:00", 45.05, 107.67]],
      data: [["2024-05-21T08:00:00", 45.05, 107.67]],
    });
    expect(mapping).toMatchObject({ header: false, columns: { 1: "started_at", 2: "origin_lat", 3: "origin_lon" } });
    expect(trial).toMatchObject({ rows: 1, trips: 1 });
  });
});
