import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { csvShapeOf } from "../../src/text/csv-shape.ts";
import { arrayAt, rowsPathIn } from "../../src/text/json-path.ts";
import { isDataRow } from "../../src/text/no-header.ts";
import { numberOfText } from "../../src/text/number-text.ts";
import { textOf } from "../containers/write-containers.ts";

describe("the shape of a CSV", () => {
  it.each([
    ["a,b\n1,2\n", ",", undefined],
    ["a;b\n1;2\n", ";", undefined],
    ["a\tb\n1\t2\n", "\t", undefined],
    ["a|b|c\n1|2|3\n", "|", undefined],
    ["a;b;c\n1,5;2,25;x\n", ";", ","],
    ['a,b\n"7,67","45,07"\n', ",", ","],
    // Prices may have groups of thousands; coordinates decide.
    ["lon;lat;price\n7,67;45,07;1.012,50\n", ";", ","],
    ["lon;lat;price\n7,67;45.07;1\n", ";", undefined],
    // These decide nothing.
    ["a;b\n1,234;2,345\n", ";", undefined],
    // Other delimiters in names and texts.
    ['id,"name; town",x\n1,"a;b;c;d",2\n', ",", undefined],
    ["id,note\n1,a;b\n2,c;d\n", ",", undefined],
    ['id;point\n1;"45,07;7,67"\n', ";", undefined],
    // Surplus cells.
    ["a;b;c\n1;2;3;;\n4;5;6;;\n", ";", undefined],
    ["only\n1\n", ",", undefined],
    ["", ",", undefined],
  ])("%j", (text, delimiter, decimal) => {
    expect(csvShapeOf(text, true)).toEqual({ delimiter, ...(decimal ? { decimal } : {}) });
  });

  it("is found although the last record is cut off", () => {
    expect(csvShapeOf('a;b;c\n1;"x,y";2\n3;"z', false)).toEqual({ delimiter: ";" });
  });
});

describe("a number in a text", () => {
  it.each<[string, Parameters<typeof numberOfText>[1], boolean, ReturnType<typeof numberOfText>]>([
    ["7.67", {}, false, 7.67],
    ["7,67", {}, false, 7.67],
    ["1,234", {}, false, "ambiguous"],
    ["7,123", {}, true, 7.123],
    ["7.123", { decimal: "," }, true, 7.123],
    ["1,234,567", {}, false, 1_234_567],
    ["1.234.567", {}, false, 1_234_567],
    ["1,234.5", {}, false, 1234.5],
    ["1.234,5", {}, false, 1234.5],
    ["1 234,5", {}, false, 1234.5],
    ["1'234.5", {}, false, 1234.5],
    ["1.234", {}, false, 1.234],
    ["1.234", { decimal: "," }, false, 1234],
    ["1,234", { decimal: "," }, false, 1.234],
    ["1,234", { decimal: "." }, false, 1234],
    ["1,234", { thousands: "," }, false, 1234],
    ["12,34", { decimal: "." }, false, undefined],
    ["1,23,4", {}, false, undefined],
    ["-7,67", {}, true, -7.67],
    ["7,67,1", {}, true, undefined],
    ["x", {}, false, undefined],
    ["", {}, false, undefined],
  ])("%j with %j (coordinate: %j) is %j", (text, style, coordinate, value) => {
    expect(numberOfText(text, style, coordinate)).toBe(value);
  });
});

describe("a first row", () => {
  it.each([
    [["m1", "1477969147", "1477969800", "104.07", "30.72"], true],
    [["1", "2019-06-26 19:30", "x"], true],
    [["trip_id", "source", "started_at"], false],
    [["1", "2", "name"], false],
    [["", "a"], false],
  ])("%j holds values: %j", (cells, expected) => {
    expect(isDataRow(cells)).toBe(expected);
  });
});

describe("the rows of a JSON document", () => {
  it.each([
    ['{"type":"FeatureCollection","features":[{"a":1}]}', "features"],
    ['{"version":"1.0","data":{"trips":[ {"a":1}]}}', "data.trips"],
    ['{"links":[{"href":"x"}],"data":[]}', "data"],
    ['{"a":"{\\"data\\":[{","results":[{}]}', "results"],
    ['{"trip_id":"a","data":[{"a":1}]}', undefined],
    ['{"data":[1,2]}', undefined],
    ['[{"data":[{}]}]', undefined],
  ])("%s: %s", (text, path) => {
    expect(rowsPathIn(Buffer.from(text))).toBe(path);
  });

  async function* inPieces(text: string, size: number) {
    const bytes = Buffer.from(text);
    for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
  }

  it.each([1, 5, 1000])("are cut out of pieces of %d bytes", async (size) => {
    const document = '\uFEFF{"x":[[1]],"data":{"y":"]","trips":[{"a":"]}\\""},[2]],"trips2":[3]},"z":[4]}';
    expect(await textOf(arrayAt(inPieces(document, size), "data.trips[*]"))).toBe('[{"a":"]}\\""},[2]]');
  });

  it.each([
    ['{"data":{}}', "no array at data.trips"],
    ['{"data":{"trips":[1,2', "too early"],
    ['{"data":{"trips":[1,2]}', "too early"],
  ])("are missed in %s", async (document, detail) => {
    await expect(textOf(arrayAt(inPieces(document, 7), "data.trips"))).rejects.toThrow(detail);
  });
});

describe("what stands before a header", () => {
  const header = "id,started_at,lat,lon";
  const rows = "1,2024-03-02 08:00,45.07,7.67\n2,2024-03-03 08:00,45.06,7.66\n";

  it.each([
    ["a title", "Trips of March\n\n", 1],
    ["titles with surplus cells", "Trips of March,,,\nGenerated,2024-04-01,,\n", 2],
    ["comments", "# source: the city\n# licence: CC0, see the web site\n", 2],
    ["many titles", "one\ntwo\nthree: 3\nfour, or five\n", 4],
    ["a title with a comma", "Report of trips, March\n", 1],
    ["a title of two cells, padded", "Generated,2024-04-01,,\n", 1],
    ["titles of two cells, padded", "Report:,Trips of March,,\nGenerated:,2024-04-01,,\n", 2],
    ["a title with a page", "Trips of March,,,page 1\n", 1],
  ])("%s is left out", (_, titles, count) => {
    expect(csvShapeOf(`${titles}${header}\n${rows}`, true)).toEqual({ delimiter: ",", titles: count });
    const others = `${titles}${header}\n${rows}`.replaceAll(",", ";");
    expect(csvShapeOf(others, true)).toEqual({ delimiter: ";", titles: count });
  });

  it.each([
    ["nothing", `${header}\n${rows}`],
    ["rows with surplus texts", "a,b\nx,y,z\n1,2\n3,4\n"],
    ["rows with more cells than the header names", "id,lat,lon\n1,45.07,7.67,x\n2,45.06,7.66,y\n"],
    ["a row too long, and then another", "a\nx,y\n7,8\n"],
    ["rows a cell longer than the header", "a,b\nx,y,z\n7,8,9\n"],
    ["no header", "1,2024-03-02 08:00\n2,2024-03-02 08:00,45.07,7.67\n"],
    ["texts alone", "a\nb,c\nd,e\n"],
    ["a row with a list, and others", "id,at,note\n1,2024-03-02,a;b;c;d\n2,2024-03-03,e;f;g;5\n"],
    ["a row below a header of two lines", 'id,"start\ntime",note\n1,2,a;b;c\n2,3,d;e;5\n'],
    ["a row of marks alone below a header of two lines", 'a,"d\nd",b b\n,"","",";"\n"",,";a",\n"","",a,;;7'],
  ])("%s is not", (_, text) => {
    expect(csvShapeOf(text, true).titles).toBeUndefined();
  });

  it("no row is that begins with a number, whatever lists its texts hold", () => {
    const note = fc
      .array(fc.constantFrom("a", "é", "7", " ", ";", "\t", "|"), { maxLength: 8 })
      .map((parts) => parts.join(""));
    const row = fc.tuple(fc.nat(), note, note).map((cells) => cells.join(","));
    fc.assert(
      fc.property(fc.array(row, { minLength: 1, maxLength: 8 }), (rows) => {
        expect(csvShapeOf(`id,note,b b\n${rows.join("\n")}\n`, true).titles).toBeUndefined();
      }),
      { numRuns: 1000 },
    );
  });
});

describe("quotes", () => {
  it.each([
    ["single ones", "'id','x'\n'1','a, b'\n", { delimiter: ",", quote: "'" }],
    ["single ones around texts", "id;x;y\n1;'a; b';2\n", { delimiter: ";", quote: "'" }],
    ["apostrophes", "id,x\n1,O'Brien\n2,'s-Gravenhage\n", { delimiter: "," }],
    ["blanks before them", '"id", "x"\n"1", "a, b"\n', { delimiter: ",", padded: true }],
    ["blanks after all commas", 'id, x\n1, "a, b"\n', { delimiter: ",", padded: true }],
    ["a quote that a text begins with", 'id,x\n1, "a" b\n', { delimiter: "," }],
    ["a blank at the end of a cell", 'id,x,y\n1,"Smith, ",2\n', { delimiter: "," }],
    ["another mark between single ones", 'id,x\n1,n|\'|a\n2,"1,5"\n', { delimiter: ",", decimal: "," }],
    ["single ones, and double ones further below", "id,x\n1,'a'\n2,'b'\n3,\"1,5\"\n", { delimiter: ",", decimal: "," }],
    ["single ones around double ones", `id,x\n1,'a'\n2,'b'\n3,'say,"so"'\n`, { delimiter: ",", quote: "'" }],
    ["a doubled quote behind a comma", 'id,x,y\n1,"Old, ""new""",2\n', { delimiter: "," }],
  ])("%s", (_, text, shape) => {
    expect(csvShapeOf(text, true)).toEqual(shape);
  });
});
