import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { membersOf } from "../../src/containers/container.ts";
import { kindOf } from "../../src/containers/file-kind.ts";
import { fromBuffer } from "../../src/containers/random-access.ts";
import { dateText, isDateFormat } from "../../src/containers/xlsx-dates.ts";
import { parquetOf, textOf, workbookParts, zipOf } from "./write-containers.ts";

const CSV = "trip_id,source\na,s\n";

async function members(file: Buffer, kind: "zip" | "parquet" = "zip", sheet?: string): Promise<[string, string][]> {
  const found = await membersOf(fromBuffer(file), kind, { sheet });
  return Promise.all(found.map(async ({ name, open }): Promise<[string, string]> => [name, await textOf(open())]));
}

const refused = (detail: RegExp) =>
  expect.objectContaining({ code: "unsupported_file", message: expect.stringMatching(detail) });

describe("the kind of a file", () => {
  it.each<[string, Buffer, RegExp]>([
    ["a PDF", Buffer.from("%PDF-1.7\n"), /a PDF document/],
    ["a page", Buffer.from("\uFEFF \n<!DOCTYPE html><html>"), /a web page/],
    ["XML", Buffer.from("<?xml version='1.0'?><kml>"), /an XML document/],
    ["a tar", Buffer.concat([Buffer.alloc(257, "x"), Buffer.from("ustar\0")]), /a tar archive/],
    ["a gzip of a tar", gzipSync(Buffer.concat([Buffer.alloc(257, "x"), Buffer.from("ustar\0")])), /a tar archive/],
    ["a gzip of a gzip", gzipSync(gzipSync("a")), /a gzip in a gzip/],
    [
      "a form",
      Buffer.from('--abc123\r\nContent-Disposition: form-data; name="f"\r\n\r\na,b'),
      /multipart form.*--data-binary/,
    ],
    ["old Excel", Buffer.from([0xd0, 0xcf, 0x11, 0xe0, 0xa1]), /old Excel/],
    ["zstd", Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0]), /zstd/],
  ])("%s is refused by name", (_, file, detail) => {
    expect(() => kindOf(file)).toThrow(refused(detail));
  });

  it.each<[string, Buffer, string]>([
    ["text", Buffer.from(CSV), "text"],
    ["nothing", Buffer.alloc(0), "text"],
    ["a gzip of text", gzipSync(CSV), "gzip"],
    ["a gzip that is cut off", gzipSync(CSV).subarray(0, 12), "gzip"],
    ["a Parquet file", Buffer.from("PAR1"), "parquet"],
  ])("%s is known", (_, file, kind) => {
    expect(kindOf(file)).toBe(kind);
  });
});

describe("a ZIP", () => {
  it("has its tables, and leaves out what is none", async () => {
    const file = await zipOf({
      "2025/trips.csv": CSV,
      "more.ndjson": "{}\n",
      "README.txt": "read me",
      "__MACOSX/2025/._trips.csv": "x",
      ".DS_Store": "x",
      "map.pdf": "x",
    });
    expect(await members(file)).toEqual([
      ["2025/trips.csv", CSV],
      ["more.ndjson", "{}\n"],
    ]);
  });

  it.each<[string, () => Promise<Buffer>, RegExp]>([
    ["no table", () => zipOf({ "a.pdf": "x" }), /without a CSV.*a\.pdf/],
    ["nothing", () => zipOf({}), /without a CSV.*empty/],
    ["a Word document", () => zipOf({ "word/document.xml": "x" }), /Word/],
    ["a spreadsheet of another kind", () => zipOf({ mimetype: "x", "content.xml": "x" }), /OpenDocument/],
    ["its end cut off", async () => (await zipOf({ "a.csv": CSV })).subarray(0, -10), /damaged or cut off/],
    ["an encrypted file", async () => changed(await zipOf({ "a.csv": CSV }), "flags", 1), /encrypted.*password/],
    [
      "a file that is larger than it says",
      async () => lie(await zipOf({ "a.csv": CSV.repeat(100) }), 10),
      /cannot be read/,
    ],
    ["a bomb", async () => lie(await zipOf({ "a.csv": Buffer.alloc(1_000_000) }), 2_000_000_000), /ZIP bomb/],
  ])("with %s is refused", async (_, file, detail) => {
    await expect(file().then((made) => members(made))).rejects.toEqual(refused(detail));
  });
});

/** Where the list of a ZIP with one file says something. */
function entryAt(file: Buffer, what: "flags" | "size"): number {
  const list = file.lastIndexOf(Buffer.from([0x50, 0x4b, 0x01, 0x02]));
  return list + (what === "flags" ? 8 : 24);
}

function changed(file: Buffer, what: "flags", bits: number): Buffer {
  const copy = Buffer.from(file);
  copy.writeUInt16LE(copy.readUInt16LE(entryAt(copy, what)) | bits, entryAt(copy, what));
  return copy;
}

/** The same ZIP with another size of its file in its list. */
function lie(file: Buffer, bytes: number): Buffer {
  const copy = Buffer.from(file);
  copy.writeUInt32LE(bytes, entryAt(copy, "size"));
  return copy;
}

/** A row with one cell, in the last column. */
const FAR = '<row><c r="XFD9"><v>1</v></c></row>';

describe("a workbook", () => {
  const rows = [
    ["trip_id", "source", "n"],
    ['a "b", c', "ü & <d>", 7.67],
    [undefined, undefined, undefined],
    ["b", undefined, 0.1],
  ];

  it("is a CSV", async () => {
    const [[, text] = []] = await members(await zipOf(workbookParts(rows)));
    expect(text).toBe('trip_id,source,n\n"a ""b"", c",ü & <d>,7.67\nb,,0.1\n');
  });

  it("has dates and times as they are shown", async () => {
    const parts = workbookParts([["t"], [45719.34375]]);
    const sheet = parts["xl/worksheets/sheet1.xml"] ?? "";
    parts["xl/worksheets/sheet1.xml"] = sheet.replace('<c r="A2">', '<c r="A2" s="1">');
    expect(await members(await zipOf(parts))).toEqual([["", "t\n2025-03-03T08:15:00\n"]]);
  });

  it.each([
    [45719, false, "2025-03-03"],
    [45719.5, false, "2025-03-03T12:00:00"],
    [0.34375, false, "08:15:00"],
    [44257, true, "2025-03-03"],
    [-1, false, undefined],
    [1e9, false, undefined],
  ])("day %d (1904: %j) is %s", (days, is1904, text) => {
    expect(dateText(days, is1904)).toBe(text);
  });

  it.each([
    [14, undefined, true],
    [0, undefined, false],
    [170, 'yyyy"x"', true],
    [170, "#,##0.00", false],
    [170, '0" days"', false],
    [170, "[h]:mm:ss", true],
    [170, "[Red]0.0", false],
    [170, "General", false],
  ])("format %d %s is one of dates: %j", (id, code, expected) => {
    expect(isDateFormat(id, code)).toBe(expected);
  });

  it("may have a title above its header, and rows that end early", async () => {
    const titled = [["Trips of March"], [], ["id", "lat", "note"], ["a", 45.07, "x"], ["b", 45.06]];
    const [[, text] = []] = await members(await zipOf(workbookParts(titled as (string | number)[][])));
    expect(text).toBe("Trips of March\nid,lat,note\na,45.07,x\nb,45.06,\n");
  });

  it("has one sheet that is named, or the first", async () => {
    const file = await zipOf(workbookParts(rows));
    expect(await members(file, "zip", "Trips")).toHaveLength(1);
    await expect(members(file, "zip", "Other")).rejects.toMatchObject({ code: "invalid_parameter", message: /Trips/ });
  });

  it("may say that it has a billion rows, and has those that it has", async () => {
    const parts = workbookParts([["a"], ["x"]]);
    parts["xl/worksheets/sheet1.xml"] = (parts["xl/worksheets/sheet1.xml"] ?? "")
      .replace("<sheetData>", '<dimension ref="A1:XFD1048576"/><sheetData>')
      .replace('r="2"', 'r="1000000000"');
    expect(await members(await zipOf(parts))).toEqual([["", "a\nx\n"]]);
  });

  it("whose cells share a text of 6 MB takes no more than a cell may have, and is refused if its row gets too long", async () => {
    const parts = workbookParts([["x", "shared"]]);
    parts["xl/sharedStrings.xml"] = `<sst><si><t>${"x".repeat(6_000_000)}</t></si></sst>`;
    const [[, text] = []] = await members(await zipOf(parts));
    expect(text?.length).toBeLessThan(200_000);
    const cells = Array.from({ length: 200 }, () => '<c t="s"><v>0</v></c>').join("");
    parts["xl/worksheets/sheet1.xml"] = `<worksheet><sheetData><row>${cells}</row></sheetData></worksheet>`;
    await expect(zipOf(parts).then((file) => members(file))).rejects.toEqual(refused(/row that is too long/));
    // Rows of 2 MB, each of 1 KB of XML.
    const row = `<row>${cells.slice(0, cells.length / 4)}</row>`;
    parts["xl/worksheets/sheet1.xml"] = `<worksheet><sheetData>${row.repeat(40)}</sheetData></worksheet>`;
    const file = await zipOf(parts);
    await expect(members(file)).rejects.toEqual(refused(/share long texts too often/));
  });

  it.each<[string, (xml: string) => string, RegExp]>([
    [
      "a document type",
      (xml) => xml.replace("<worksheet>", '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><worksheet>'),
      /document type/,
    ],
    ["an unknown entity", (xml) => xml.replace("<sheetData>", "<sheetData>&bomb;"), /cannot be read/],
    ["cells far apart", (xml) => xml.replace("</sheetData>", `${FAR.repeat(300)}</sheetData>`), /too far apart/],
    ["an unknown shared text", (xml) => xml.replace(/<row.*row>/, '<row><c t="s"><v>7</v></c></row>'), /text "7"/],
    ["a column beyond all columns", (xml) => xml.replace('r="A1"', 'r="ZZZZZ1"'), /too many columns/],
    ["XML that ends too early", (xml) => xml.slice(0, -20), /cannot be read/],
  ])("with %s is refused", async (_, change, detail) => {
    const parts = workbookParts([["a"], ["x"]]);
    parts["xl/worksheets/sheet1.xml"] = change(parts["xl/worksheets/sheet1.xml"] ?? "");
    await expect(zipOf(parts).then((file) => members(file))).rejects.toEqual(refused(detail));
  });
});

describe("a Parquet file", () => {
  const columns = [
    { name: "id", data: ["a", "b,c", null] },
    { name: "n", data: [1n, 2n, 9007199254740993n] },
    { name: "t", data: [new Date("2025-03-03T08:15:00.5Z"), new Date("2025-03-03T08:15:00Z"), null] },
  ];

  it("is a CSV, whatever its row groups are", async () => {
    const text = 'id,n,t\na,1,2025-03-03T08:15:00.5Z\n"b,c",2,2025-03-03T08:15:00Z\n,9007199254740993,\n';
    expect(await members(parquetOf(columns), "parquet")).toEqual([["", text]]);
    expect(await members(parquetOf(columns, 2), "parquet")).toEqual([["", text]]);
  });

  const inCrs = (crs: object) =>
    parquetOf(columns, 1000, { primary_column: "geometry", columns: { geometry: { encoding: "WKB", ...crs } } });

  it.each<[string, object]>([
    ["UTM", { crs: { type: "ProjectedCRS", name: "UTM 32N", id: { authority: "EPSG", code: 25832 } } }],
    ["a local system", { crs: { type: "EngineeringCRS", name: "our yard" } }],
    ["another datum", { crs: { type: "GeographicCRS", name: "ED50", id: { authority: "EPSG", code: 4230 } } }],
  ])("with points in %s is refused by its name", async (_, crs) => {
    await expect(members(inCrs(crs), "parquet")).rejects.toEqual(
      expect.objectContaining({ code: "invalid_body", message: expect.stringMatching(/^crs: .*(25832|yard|4230)/) }),
    );
  });

  it.each<[string, object]>([
    ["nothing", {}],
    ["null", { crs: null }],
    ["WGS 84", { crs: { type: "GeographicCRS", name: "WGS 84", id: { authority: "EPSG", code: 4326 } } }],
    ["CRS84", { crs: { type: "GeographicCRS", id: { authority: "OGC", code: "CRS84" } } }],
  ])("whose points are in %s is read", async (_, crs) => {
    expect(await members(inCrs(crs), "parquet")).toHaveLength(1);
  });

  it.each<[string, (file: Buffer) => Buffer]>([
    ["cut off", (file) => file.subarray(0, -4)],
    ["shorter than its footer says", (file) => Buffer.concat([file.subarray(0, 8), file.subarray(-8)])],
    ["of a footer of 4 GB", (file) => withFooterLength(file, 0xfffffff0)],
    ["of a footer of nothing", (file) => withFooterLength(file, 0)],
    ["without its middle", (file) => Buffer.concat([file.subarray(0, 20), file.subarray(60)])],
    ["only a beginning", () => Buffer.from("PAR1")],
  ])("that is %s is refused", async (_, change) => {
    await expect(members(change(parquetOf(columns)), "parquet")).rejects.toEqual(
      refused(/Parquet file that cannot be read/),
    );
  });

  it("is refused or read, whatever byte of it is spoilt, and takes no more memory than it may", async () => {
    const file = parquetOf(columns);
    for (let at = 4; at < file.length; at += 3) {
      const spoilt = Buffer.from(file);
      spoilt[at] = (spoilt[at] as number) ^ 0xff;
      await members(spoilt, "parquet").catch((error) => expect(error, `${at}`).toEqual(refused(/Parquet/)));
    }
    expect(process.memoryUsage().rss).toBeLessThan(2 ** 31);
  });
});

function withFooterLength(file: Buffer, length: number): Buffer {
  const copy = Buffer.from(file);
  copy.writeUInt32LE(length, copy.length - 8);
  return copy;
}
