import { parse } from "csv-parse/sync";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Form } from "../../src/mappings/mapping.ts";
import { csvRow } from "../../src/parsing/csv-rows.ts";
import { rowsFrom } from "../../src/parsing/rows.ts";
import type { SentRow } from "../../src/parsing/sent-row.ts";
import { type RowBlock, streamRows } from "../../src/parsing/stream-rows.ts";
import { CSV_OPTIONS } from "../../src/text/csv-records.ts";
import { PLAIN_SHAPE } from "../../src/text/csv-shape.ts";
import { countFrom } from "../harness/engines.ts";

const MB = 1024 * 1024;
const TYPES = { csv: "text/csv", ndjson: "application/x-ndjson", json: "application/json" };

/** A row as it can be compared: a record that nobody asked for yet is made. */
const plain = (row: SentRow) =>
  "record" in row ? { row: row.row, record: Object.entries(row.record) } : { row: row.row, raw: row.raw, ...row.fault };

const plainBlock = ({ rows, endByte }: RowBlock) => ({ rows: rows.map(plain), endByte });

async function* pieces(bytes: Buffer, cuts: readonly number[] = []): AsyncGenerator<Buffer> {
  let at = 0;
  for (const cut of [...cuts].sort((a, b) => a - b)) {
    yield bytes.subarray(at, cut);
    at = cut;
  }
  yield bytes.subarray(at);
}

async function blocksOf(stream: Awaited<ReturnType<typeof streamRows>>): Promise<RowBlock[]> {
  const blocks: RowBlock[] = [];
  for await (const block of stream.blocks) blocks.push(block);
  return blocks;
}

/** Reads a payload that arrives in these pieces; also again from the end of each block on, which must give the rest. */
async function streamed(
  body: string,
  type: string | undefined,
  cuts: readonly number[] = [],
  rowsABlock = 3,
  bytesABlock = Number.POSITIVE_INFINITY,
) {
  const bytes = Buffer.from(body);
  const within = cuts.map((cut) => cut % (bytes.length + 1));
  const stream = await streamRows(pieces(bytes, within), type, rowsABlock, undefined, bytesABlock);
  const blocks = await blocksOf(stream);
  const isFull = ({ rows, endByte }: RowBlock, i: number) =>
    rows.length === rowsABlock || endByte - (blocks[i - 1]?.endByte ?? 0) >= bytesABlock;
  expect(blocks.slice(0, -1).every(isFull)).toBe(true);
  expect(blocks.every(({ rows }) => rows.length > 0 && rows.length <= rowsABlock)).toBe(true);
  const { form, header, fields } = stream;
  for (const [i, { endByte }] of blocks.entries()) {
    if (endByte === 0) continue;
    const resume = { rows: blocks.slice(0, i + 1).flatMap(({ rows }) => rows).length, endByte };
    const rest = pieces(
      bytes.subarray(endByte),
      within.map((cut) => cut - endByte).filter((cut) => cut > 0),
    );
    const known = { form, header, resume };
    const again = await blocksOf(await streamRows(rest, type, rowsABlock, known, bytesABlock));
    expect(again.map(plainBlock)).toEqual(blocks.slice(i + 1).map(plainBlock));
  }
  return { form, header, fields, blocks, rows: blocks.flatMap(({ rows }) => rows.map(plain)) };
}

const cuts = fc.array(fc.nat(), { maxLength: 12 });
const rowsABlock = fc.integer({ min: 1, max: 4 });
const lineEnd = fc.constantFrom("\n", "\r\n");

/** Text of all that means something to a CSV, and of characters of one to four bytes. */
const text = (alphabet: readonly string[], maxLength = 6) =>
  fc.array(fc.constantFrom(...alphabet), { maxLength }).map((parts) => parts.join(""));
const CHARACTERS = ["a", "7", " ", ",", '"', '""', "\n", "\r\n", "\r", "é", "東", "😀", "\t", ";", "\0"];

const quoted = (cell: string) => `"${cell.replaceAll('"', '""')}"`;
const cell = fc.oneof(
  text(["a", "7", " ", "é", "東", "😀", ";"]),
  text(CHARACTERS).map(quoted),
  fc.constant(""),
  fc.constant('""'),
);

/** A CSV as programs write it, with a row of the wrong length now and then. */
const goodCsv = fc
  .record({
    bom: fc.boolean(),
    header: fc.uniqueArray(fc.constantFrom("a", "b b", '"c"', '"d\nd"', "é"), { minLength: 1, maxLength: 4 }),
    rows: fc.array(fc.tuple(fc.array(cell, { minLength: 4, maxLength: 4 }), fc.nat(20), lineEnd), { maxLength: 12 }),
    end: fc.constantFrom("", "\n", "\r\n"),
    blank: fc.nat(15),
  })
  .map(({ bom, header, rows, end, blank }) => {
    const lines = rows.map(([cells, odd, lineEnd], i) => {
      const line = cells.slice(0, odd === 0 ? header.length + 1 : header.length).join(",");
      return `${i > 0 && i % 5 === blank ? lineEnd : ""}${i === 0 ? "" : lineEnd}${line}`;
    });
    return `${bom ? "\uFEFF" : ""}${header.join(",")}\n${lines.join("")}${end}`;
  });

/** Anything after a header: quotes that are never closed, or stray ones, or line ends of all kinds. */
const anyCsv = text(CHARACTERS, 60).map((rest) => `a,b\n${rest}`);

/** What the parser that reads everything at once makes of a CSV, as far as it gets. */
function reference(csv: string): { rows: ReturnType<typeof plain>[]; isWhole: boolean } {
  const records: string[][] = [];
  let isWhole = true;
  try {
    parse(csv, {
      ...CSV_OPTIONS,
      onRecord: (record) => {
        records.push(record as unknown as string[]);
        return null;
      },
    });
  } catch {
    isWhole = false;
  }
  const header = (records.shift() ?? []).map((name) => name.trim());
  return { rows: records.map((cells, i) => plain(csvRow(i + 1, { cells }, header, PLAIN_SHAPE))), isWhole };
}

const BROKEN_OFF = { raw: "", code: "invalid_row", detail: expect.stringContaining("nothing from this row on") };

describe("the rows of a CSV that comes in pieces", () => {
  it("are those of one that is there whole", async () => {
    await fc.assert(
      fc.asyncProperty(goodCsv, cuts, rowsABlock, async (csv, cuts, rowsABlock) => {
        const { rows, header } = await streamed(csv, TYPES.csv, cuts, rowsABlock);
        const whole = rowsFrom(csv, TYPES.csv);
        expect(rows).toEqual(whole.rows.map(plain));
        // A name alone above texts with semicolons may be a title as well: which one it is, csv-shape.test.ts tests.
        if (whole.shape?.titles === undefined) expect(rows).toEqual(reference(csv).rows);
        expect(header).toEqual(whole.fields);
      }),
      { numRuns: countFrom("TRIPGRID_TEST_FORMATS", 133, 400) },
    );
  });

  it("are the same for a large payload, whatever stands where it is cut into pieces", async () => {
    await fc.assert(
      fc.asyncProperty(goodCsv, fc.array(fc.integer({ min: 1, max: 400_000 }), { maxLength: 6 }), async (csv, cuts) => {
        const [header = "", ...lines] = csv.split("\n");
        const part = `${lines.join("\n")}\n`;
        const body = `${header}\n${part.repeat(Math.ceil(150_000 / part.length))}`;
        fc.pre(reference(body).isWhole);
        const bytes = Buffer.from(body);
        const stream = await streamRows(
          pieces(
            bytes,
            cuts.map((cut) => cut % bytes.length),
          ),
          TYPES.csv,
          5000,
        );
        const rows = (await blocksOf(stream)).flatMap(({ rows }) => rows.map(plain));
        // Compared as text: a hundred thousand rows are too many for a readable difference anyway.
        expect(JSON.stringify(rows) === JSON.stringify(reference(body).rows)).toBe(true);
      }),
      { numRuns: 6, endOnFailure: true },
    );
  });

  it("are all that can be read, and then one that says that no more can be", async () => {
    await fc.assert(
      fc.asyncProperty(anyCsv, cuts, rowsABlock, async (csv, cuts, rowsABlock) => {
        const { rows } = await streamed(csv, TYPES.csv, cuts, rowsABlock);
        const { rows: good, isWhole } = reference(csv);
        if (isWhole) expect(rows).toEqual(rowsFrom(csv, TYPES.csv).rows.map(plain));
        expect(rows).toEqual(isWhole ? good : [...good, { row: good.length + 1, ...BROKEN_OFF }]);
      }),
      { numRuns: countFrom("TRIPGRID_TEST_FORMATS", 200, 600) },
    );
  });

  it.each([[[]], [[20]], [[9, 10, 11, 12, 13]]])(
    "before a quote that is never closed are kept, cut at %j",
    async (cuts) => {
      const { rows, blocks } = await streamed('a,b\n1,2\n3,4\n5,6\n7,"8\n9,10\n11,12\n', TYPES.csv, cuts, 2);
      expect(blocks.map(({ rows }) => rows.length)).toEqual([2, 2]);
      expect(rows.slice(0, 3).map((row) => "record" in row && row.record)).toEqual(
        ["1,2", "3,4", "5,6"].map((line) => line.split(",").map((value, i) => ["ab"[i], value])),
      );
      expect(rows[3]).toEqual({ row: 4, ...BROKEN_OFF });
    },
  );

  it("before one over 4 MB are kept, and it is never held whole", async () => {
    let read = 0;
    async function* endless() {
      yield Buffer.from("a,b\n1,2\n");
      for (; read < 64; read++) yield Buffer.alloc(MB, "x");
      yield Buffer.from("\n3,4\n");
    }
    for (const start of ["", '"']) {
      read = 0;
      const body = async function* () {
        yield Buffer.from(`a,b\n1,2\n${start}`);
        yield* endless();
      };
      const blocks = await blocksOf(await streamRows(body(), TYPES.csv, 10));
      const rows = blocks.flatMap(({ rows }) => rows.map(plain));
      expect(rows[0]).toEqual({
        row: 1,
        record: [
          ["a", "1"],
          ["b", "2"],
        ],
      });
      expect(rows.at(-1)).toMatchObject({ code: "invalid_row", detail: expect.stringContaining("too long") });
      expect(read).toBeLessThan(10);
    }
  });

  it("may be as long as 4 MB", async () => {
    const long = "x".repeat(4 * MB - 100);
    const { rows } = await streamed(`a,b\n1,${long}\n"2",${quoted(long)}\n3,4\n`, TYPES.csv, [1000, 5 * MB], 1);
    expect(rows.map((row) => "record" in row && row.record.map(([, value]) => String(value).length))).toEqual([
      [1, long.length],
      [1, long.length],
      [1, 1],
    ]);
  });

  it.each<[string, string]>([
    ["", "empty"],
    ["\n\n", "empty"],
    ["\uFEFF", "empty"],
    ['"a,b\n1,2\n', "header"],
    ["a,a\n1,2\n", "twice"],
    [`a,${"x".repeat(5 * MB)}\n1,2\n`, "too long in its header"],
  ])("are none if its header cannot be used (%#)", async (csv, reason) => {
    await expect(streamRows(pieces(Buffer.from(csv)), TYPES.csv, 10)).rejects.toMatchObject({
      code: "invalid_csv",
      message: expect.stringContaining(reason),
    });
  });
});

const ndjson = fc
  .array(
    fc.tuple(
      fc.oneof(
        { weight: 4, arbitrary: fc.dictionary(fc.string({ unit: "grapheme", maxLength: 4 }), fc.jsonValue()) },
        { weight: 1, arbitrary: fc.jsonValue() },
      ),
      fc.constantFrom("\n", "\r\n", "\n\n", " \n\t\n", "\n  "),
      fc.nat(9),
    ),
    { maxLength: 12 },
  )
  .map((rows) => rows.map(([value, end, cut]) => JSON.stringify(value).slice(cut === 0 ? 1 : 0) + end).join(""));

describe("the rows of NDJSON that comes in pieces", () => {
  it("are those of one that is there whole", async () => {
    await fc.assert(
      fc.asyncProperty(ndjson, fc.boolean(), cuts, rowsABlock, async (body, bom, cuts, rowsABlock) => {
        const whole = rowsFrom(body, TYPES.ndjson);
        const { rows, header } = await streamed(bom ? `\uFEFF${body}` : body, TYPES.ndjson, cuts, rowsABlock);
        expect(rows).toEqual(whole.rows.map(plain));
        expect(header).toBeUndefined();
      }),
      { numRuns: countFrom("TRIPGRID_TEST_FORMATS", 133, 400) },
    );
  });

  it("are all but one over 4 MB, which is rejected", async () => {
    const long = JSON.stringify({ a: "é".repeat(3 * MB) });
    const body = `{"a":1}\n${long}\n{"a":3}\n{"a":"${"x".repeat(4 * MB - 100)}"}\n${long}`;
    const { rows } = await streamed(body, TYPES.ndjson, [70_000, 2 * MB, 7 * MB], 2);
    expect(rows.map((row) => ("code" in row ? [row.row, row.code] : row.row))).toEqual([
      1,
      [2, "invalid_row"],
      3,
      4,
      [5, "invalid_row"],
    ]);
  });

  it.each([4 * MB + 1, 4 * MB + 1000, 4 * MB + 64 * 1024, 4 * MB + 70_000])(
    "are all but a last one of %d bytes that no line end follows",
    async (length) => {
      for (const before of ["", '{"a":1}\n']) {
        const { rows } = await streamed(before + "x".repeat(length), TYPES.ndjson);
        expect(rows.slice(before === "" ? 0 : 1)).toMatchObject([{ row: before === "" ? 1 : 2, code: "invalid_row" }]);
      }
    },
  );

  it.each(["\u00A0", "\u2003\u3000", "\u2028", "\f", "\uFEFF"])("are faulty where a line holds %j", async (blank) => {
    const body = ` \t\r\n{"a":1}\n${blank}\n \uFEFF{"a":2} \r\n ${blank} `;
    const { rows } = await streamed(body, TYPES.ndjson, [9, 12, 14], 10);
    expect(rows.map((row) => ("code" in row ? row.code : row.row))).toEqual([1, "invalid_json", 3, "invalid_json"]);
    expect(rowsFrom(body, TYPES.ndjson).rows.map(plain)).toEqual(rows);
  });

  it("tell their fields by the first of them", async () => {
    const body = '{"a":1}\n5\n{"b":1,"a":2}\n';
    expect((await streamed(body, TYPES.ndjson, [], 10)).fields).toEqual(["a", "b"]);
    expect((await streamed("", TYPES.ndjson)).fields).toEqual([]);
  });
});

describe("the rows of JSON that comes in pieces", () => {
  it("are those of one that is there whole, also from the end of a block on", async () => {
    const json = fc.oneof(
      fc.array(fc.jsonValue(), { maxLength: 9 }),
      fc.dictionary(fc.string({ unit: "grapheme", maxLength: 4 }), fc.jsonValue()),
    );
    await fc.assert(
      fc.asyncProperty(json, fc.boolean(), cuts, rowsABlock, async (value, bom, cuts, rowsABlock) => {
        const body = JSON.stringify(value);
        const { rows } = await streamed(bom ? `\uFEFF${body}` : body, TYPES.json, cuts, rowsABlock);
        expect(rows).toEqual(rowsFrom(body, TYPES.json).rows.map(plain));
      }),
      { numRuns: countFrom("TRIPGRID_TEST_FORMATS", 66, 200) },
    );
  });

  it.each([
    ["is no JSON", "[{},", "invalid_json"],
    ["is nothing that could hold rows", "5", "invalid_body"],
    ["is nothing", " ".repeat(1000), "invalid_json"],
  ])("are none if it %s", async (_, body, code) => {
    await expect(streamRows(pieces(Buffer.from(body)), TYPES.json, 10)).rejects.toMatchObject({ code });
  });
});

it.each<[Form, string]>([
  ["csv", "a,b\n1,2\n"],
  ["csv", '"{",b\n1,2\n'],
  ["ndjson", '{"a":1}\n{"a":2}\n'],
  ["json", '{"a":1}\n'],
  ["json", ' [{"a":"é"},\n{"a":2}]'],
])("the form is seen in what there is, where the type says nothing: %s", async (form, body) => {
  const everywhere = Array.from({ length: Buffer.byteLength(body) + 3 }, (_, i) => i);
  for (const type of [undefined, "text/plain", "application/octet-stream"]) {
    for (const start of ["", "\uFEFF"]) {
      const read = await streamed(start + body, type, everywhere);
      expect(read.form).toBe(form);
      expect(read.rows).toEqual(rowsFrom(body, type).rows.map(plain));
    }
  }
});

describe("a block", () => {
  it("ends after a number of bytes too, wherever the payload was cut", async () => {
    const bodies = fc.oneof(
      fc.tuple(fc.constant(TYPES.csv), goodCsv),
      fc.tuple(fc.constant(TYPES.csv), anyCsv),
      fc.tuple(fc.constant(TYPES.ndjson), ndjson),
      fc.tuple(
        fc.constant(TYPES.json),
        fc.array(fc.jsonValue()).map((value) => JSON.stringify(value, null, 1)),
      ),
    );
    await fc.assert(
      fc.asyncProperty(
        bodies,
        cuts,
        cuts,
        fc.integer({ min: 1, max: 40 }),
        async ([type, body], some, others, bytes) => {
          const one = await streamed(body, type, some, 4, bytes);
          const other = await streamed(body, type, others, 4, bytes);
          expect(other.blocks.map(plainBlock)).toEqual(one.blocks.map(plainBlock));
        },
      ),
      { numRuns: countFrom("TRIPGRID_TEST_FORMATS", 200, 600) },
    );
  });

  it.each(["csv", "ndjson", "json"] as const)("of %s holds at most about 1 MB", async (form) => {
    const value = "x".repeat(400 * 1024);
    const line = { csv: `${value},1\n`, ndjson: `{"a":"${value}"}\n`, json: `{"a":"${value}"},` }[form];
    const body = `${{ csv: "a,b\n", ndjson: "", json: "[" }[form]}${line.repeat(7)}${form === "json" ? `${line.slice(0, -1)}]` : line}`;
    const blocks = await blocksOf(await streamRows(pieces(Buffer.from(body)), TYPES[form], 5000));
    expect(blocks.map(({ rows }) => rows.length)).toEqual([3, 3, 2]);
  });

  it("is the same wherever a row was cut that is a little too long", async () => {
    const body = `a,b\n1,2\n${"x".repeat(4 * MB + 98)},1\n3,4\n`;
    const one = await streamed(body, TYPES.csv, [], 1);
    // Between what a row may be and where this one ends.
    const other = await streamed(body, TYPES.csv, [4 * MB + 60], 1);
    expect(other.blocks.map(({ endByte }) => endByte)).toEqual(one.blocks.map(({ endByte }) => endByte));
  });
});
