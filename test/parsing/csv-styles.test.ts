import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { rowsFrom } from "../../src/parsing/rows.ts";
import { CsvRow } from "../../src/parsing/sent-row.ts";
import { streamRows } from "../../src/parsing/stream-rows.ts";

const RECORDS = [
  { id: "1", note: "a, b", lat: "45.07" },
  { id: "2", note: "O'Brien", lat: "45.06" },
];
const STYLES = [
  ["titles", 'Trips of March\n\nMade on 2024-04-01,,\nid,note,lat\n1,"a, b",45.07\n2,O\'Brien,45.06\n', { titles: 2 }],
  [
    "titles and semicolons",
    "Trips, of March\r\nid;note;lat\r\n1;a, b;45.07\r\n2;O'Brien;45.06\r\n",
    { titles: 1, delimiter: ";" },
  ],
  ["a title with a quote", 'Trips of "March"\nid,note,lat\n1,"a, b",45.07\n2,O\'Brien,45.06\n', { titles: 1 }],
  ["single quotes", "'id','note','lat'\n'1','a, b','45.07'\n'2','O''Brien','45.06'\n", { quote: "'" }],
  ["blanks before quotes", '"id", "note" , "lat"\n"1", "a, b", "45.07"\n 2, O\'Brien , 45.06 \n', { padded: true }],
] as const;

async function* inPieces(text: string, size: number) {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

describe.each(STYLES)("a CSV with %s", (_, text, format) => {
  it("is read whole", () => {
    const { rows, fields } = rowsFrom(text, "text/csv");
    expect(fields).toEqual(["id", "note", "lat"]);
    expect(rows.map((row) => "record" in row && row.record)).toEqual(RECORDS);
    expect(rows.map(({ row }) => row)).toEqual([1, 2]);
  });

  it.each([1, 7, 1000])("is read in pieces of %i bytes, from each row on too", async (size) => {
    const stream = await streamRows(inPieces(text, size), "text/csv", 1);
    expect(stream.format).toEqual(format);
    const blocks = [];
    for await (const block of stream.blocks) blocks.push(block);
    expect(blocks.flatMap(({ rows }) => rows.map((row) => "record" in row && row.record))).toEqual(RECORDS);
    const endByte = blocks[0]?.endByte ?? 0;
    const known = { form: "csv", header: stream.header, format: stream.format, resume: { rows: 1, endByte } } as const;
    const rest = await streamRows(inPieces(text.slice(endByte), size), "text/csv", 1, known);
    const { value } = await rest.blocks.next();
    expect(value?.rows[0]).toMatchObject({ row: 2, record: RECORDS[1] });
  });
});

/** The rows of a CSV. None: it cannot be read. */
function readable(csv: string) {
  try {
    return rowsFrom(csv, "text/csv").rows;
  } catch {
    return [];
  }
}

describe("a row of a CSV that gave its cells back", () => {
  const cell = fc.oneof(
    fc.constantFrom("", " a", "b ", "1.5", "O'Brien", "é"),
    fc.stringMatching(/^[a-z ,;'"\t]{0,12}$/),
  );
  const styles = fc.record({
    delimiter: fc.constantFrom(",", ";", "\t", "|"),
    quote: fc.constantFrom('"', "'"),
    lineEnd: fc.constantFrom("\n", "\r\n", "\r"),
    isQuoted: fc.boolean(),
  });

  it("has the same record", () => {
    let released = 0;
    fc.assert(
      fc.property(fc.array(fc.tuple(cell, cell, cell), { minLength: 1 }), styles, (table, style) => {
        const { delimiter, quote, lineEnd, isQuoted } = style;
        const written = (text: string) =>
          isQuoted || /["',;\t|]/.test(text) ? `${quote}${text.replaceAll(quote, quote + quote)}${quote}` : text;
        const lines = [["id", "note", "lat"], ...table].map((cells) => cells.map(written).join(delimiter));
        for (const row of readable(lines.join(lineEnd))) {
          if (!(row instanceof CsvRow)) continue;
          const before = row.record;
          row.release();
          expect(row.record).toEqual(before);
          released++;
        }
      }),
      { numRuns: 1000 },
    );
    expect(released).toBeGreaterThan(1000);
  });
});
