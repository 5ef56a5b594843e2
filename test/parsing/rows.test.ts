import { describe, expect, it } from "vitest";
import { AppError } from "../../src/errors.ts";
import { formOf, rowsFrom } from "../../src/parsing/rows.ts";

function errorOf(body: string, contentType?: string): AppError {
  try {
    rowsFrom(body, contentType);
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
  throw new Error("it was accepted");
}

/** Each row as what it holds, or as the code of its fault. */
const rows = (body: string, contentType?: string) =>
  rowsFrom(body, contentType).rows.map((row) => ("record" in row ? row.record : row.fault.code));

describe("the form of a body", () => {
  it.each([
    ["application/json", "json"],
    ["application/json; charset=utf-8", "json"],
    ["application/geo+json", "json"],
    ["application/x-ndjson", "ndjson"],
    ["application/jsonl", "ndjson"],
    ["text/csv; header=present", "csv"],
    ["TEXT/CSV", "csv"],
  ])("is what the content type says: %s", (type, form) => {
    expect(formOf("?", type)).toBe(form);
  });

  it.each([
    ['{"a": 1}', "json"],
    ['{"a": 1}\n', "json"],
    ['\n [{"a": 1}]', "json"],
    ['{\n"a": 1\n}', "json"],
    ['{"a": 1}\n{"a": 2}', "ndjson"],
    ['{"a": 1}\r\n{"a": 2}\r\n', "ndjson"],
    ["a,b\n1,2", "csv"],
    ['"a","b"\n1,2', "csv"],
    ["", "csv"],
  ])("is seen in what it holds where the type says nothing: %j is %s", (body, form) => {
    for (const type of [undefined, "", "text/plain", "application/octet-stream", "application/x-www-form-urlencoded"]) {
      expect(formOf(body, type)).toBe(form);
    }
  });
});

describe("JSON", () => {
  it("is one row or an array of rows", () => {
    expect(rows('{"a": 1}', "application/json")).toEqual([{ a: 1 }]);
    expect(rows('[{"a": 1}, {"a": 2}]', "application/json")).toEqual([{ a: 1 }, { a: 2 }]);
    expect(rows("[]", "application/json")).toEqual([]);
  });

  it("rejects members that are no objects one by one", () => {
    expect(rows('[{"a": 1}, 2, null, [3], "x"]')).toEqual([{ a: 1 }, ...Array(4).fill("invalid_row")]);
  });

  it("that is neither object nor array is refused", () => {
    expect(errorOf("5", "application/json").code).toBe("invalid_body");
    expect(errorOf("null", "application/json").code).toBe("invalid_body");
  });
});

describe("NDJSON", () => {
  it("rejects bad lines one by one, and counts no empty ones", () => {
    expect(rows('{"a": 1}\n\n{"a": \n5\n{"a": 2}\n', "application/x-ndjson")).toEqual([
      { a: 1 },
      "invalid_json",
      "invalid_row",
      { a: 2 },
    ]);
  });

  it("keeps a bad line as it came, except for what cannot be stored", () => {
    const [row] = rowsFrom('{"a": "x\0"', "application/x-ndjson").rows;
    expect(row).toMatchObject({ row: 1, raw: '{"a": "x\uFFFD"' });
  });
});

describe("CSV", () => {
  it("has a header and a row a line, with any line end, quotes, and a byte order mark", () => {
    const expected = [
      { a: "1", b: "x, y" },
      { a: "2", b: 'say "hi"\nthere' },
    ];
    expect(rows('a,b\n1,"x, y"\n2,"say ""hi""\nthere"\n')).toEqual(expected);
    expect(rows('\uFEFFa,b\r\n1,"x, y"\r\n2,"say ""hi""\nthere"\r\n')).toEqual(expected);
  });

  it("may hold stray quotes, which belong to the value", () => {
    expect(rows('a,b\n1,2"3\n4,say "hi"\n')).toEqual([
      { a: "1", b: '2"3' },
      { a: "4", b: 'say "hi"' },
    ]);
    expect(rows('a,b\n1,"2"3', "text/csv")).toEqual([{ a: "1", b: '"2"3' }]);
  });

  it("may end its header and its rows in other ways, and no line end gets into a value", () => {
    const expected = [
      { a: "1", b: "2" },
      { a: "3", b: "4" },
    ];
    for (const [first, other] of ["\n", "\r\n", "\r"].flatMap((one) => ["\n", "\r\n"].map((two) => [one, two]))) {
      expect(rows(`a,b${first}1,2${other}3,4${other}`, "text/csv")).toEqual(expected);
    }
  });

  it("counts rows without the header and without empty lines", () => {
    const { rows } = rowsFrom("a,b\n\n1,2\n\n3\n", "text/csv");
    expect(rows.map(({ row }) => row)).toEqual([1, 2]);
    expect(rows[1]).toMatchObject({ fault: { detail: "expected 2 columns as in the header, but got 1" } });
  });

  it("may have any column names, also those that objects have already", () => {
    const [record] = rows(" __proto__ ,constructor\n1,2", "text/csv");
    expect(Object.entries(record as object)).toEqual([
      ["__proto__", "1"],
      ["constructor", "2"],
    ]);
  });

  it("with a header only has no rows", () => {
    expect(rows("a,b\n")).toEqual([]);
  });

  it.each([
    ["no header", "", /empty/],
    ["an open quote", 'a,b\n1,"2\n3,4', /never closed at line/],
    ["a column twice", "a,b, a\n1,2,3", /"a" twice/],
    ["a NUL in its header", "a,b\0\n1,2", /NUL/],
  ])("with %s is refused", (_, body, reason) => {
    const error = errorOf(body, "text/csv");
    expect(error.code).toBe("invalid_csv");
    expect(error.message).toMatch(reason);
  });
});
