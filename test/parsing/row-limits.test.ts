import { describe, expect, it } from "vitest";
import { limitShown, shown } from "../../src/kit/shown.ts";
import { native } from "../../src/mappings/native.ts";
import { classifyRows } from "../../src/parsing/classify-rows.ts";
import { compileCells, mapRow } from "../../src/parsing/map-row.ts";
import { readRows } from "../../src/parsing/read-rows.ts";
import { kept, MAX_KEPT, ROW_LIMITS } from "../../src/parsing/row-limits.ts";
import { FROM_START, ndjsonParts } from "../../src/parsing/row-parts.ts";
import type { SentRow } from "../../src/parsing/sent-row.ts";
import { createBlankCheck, MAX_BLANK } from "../../src/text/blank-run.ts";

const RANGE = { min: "2000-01-01", max: "2027-01-01" };
const row = { source: "s", started_at: "2018-05-21T02:54:04", origin: [7.67, 44.99] };
const map = (record: Record<string, unknown>, limits = ROW_LIMITS) => mapRow(record, native, false, RANGE, limits);
const read = (body: string, type: string, limits = ROW_LIMITS) => readRows(Buffer.from(body), type, 200_000, limits);
const codes = (rows: SentRow[]) => rows.map((one) => ("fault" in one ? one.fault.code : "record"));

describe("fields of a row", () => {
  const wide = (fields: number) => Object.fromEntries(Array.from({ length: fields }, (_, i) => [`k${i}`, 1]));

  it("are allowed up to the limit", () => {
    expect(map({ ...row, ...wide(997) })).toHaveProperty("trip");
    expect(map({ ...row, ...wide(998) })).toEqual({
      problems: [{ field: "row", code: "invalid_row", detail: "expected at most 1000 fields, but the row has more" }],
    });
  });

  it.each([
    ["of plain cells", ","],
    ["of quoted cells", ',"",'],
    ["for the parser", ',a"b,'],
  ])("of a CSV are not held beyond it: %s", async (_, cell) => {
    const long = cell.repeat(100_000);
    for (const before of ["", "1,2\n".repeat(17_000)]) {
      const { rows } = await read(`a,b\n${before}${long}\n3,4\n`, "text/csv");
      expect(codes(rows.slice(-2))).toEqual(["invalid_row", "record"]);
      expect(rows.at(-2)).toMatchObject({
        fault: { detail: "expected 2 columns as in the header, but got more than 1000" },
      });
      expect(rows.at(-2)?.raw.length).toBeLessThan(10_000);
    }
  });

  it("of a CSV row are counted up to it", async () => {
    const cells = (count: number) => Array(count).fill("1").join(",");
    const { rows } = await read(`a,b\n${cells(1000)}\n${cells(1001)}\n`, "text/csv");
    expect(rows.map((one) => "fault" in one && one.fault.detail)).toEqual([
      expect.stringContaining("got 1000"),
      expect.stringContaining("got more than 1000"),
    ]);
  });
});

describe("attributes of a trip", () => {
  it("may take as many bytes as JSON as the limit says", () => {
    const of = (bytes: number) => map({ ...row, note: "é".repeat((bytes - 11) / 2) });
    expect(of(ROW_LIMITS.maxAttributesBytes - 1)).toHaveProperty("trip");
    expect(of(ROW_LIMITS.maxAttributesBytes + 1)).toMatchObject({
      problems: [{ field: "attributes", code: "too_large" }],
    });
  });

  it.each([
    ["escapes", { note: "\u0001".repeat(11_000) }],
    ["objects", { attributes: { a: { b: "x".repeat(70_000) } } }],
    ["many members", { attributes: Object.fromEntries(Array.from({ length: 6000 }, (_, i) => [`k${i}`, 123456789])) }],
  ])("count as %s", (_, more) => {
    expect(map({ ...row, ...more })).toMatchObject({ problems: [{ field: "attributes", code: "too_large" }] });
  });

  it("count for the cells of a CSV too", () => {
    const header = ["source", "started_at", "origin", "note"];
    const cells = compileCells(native, header, RANGE, { ...ROW_LIMITS, maxAttributesBytes: 1024 });
    const of = (length: number) => cells(["s", row.started_at, "POINT (1 2)", "x".repeat(length)]);
    expect(of(1024 - 11)).toHaveProperty("trip");
    expect(of(1024 - 10)).toMatchObject({ problems: [{ code: "too_large" }] });
  });

  it("may be nested as deeply as the limit says", () => {
    const nested = (levels: number) => {
      let value: unknown = 1;
      for (let i = 1; i < levels; i++) value = [value];
      return map({ ...row, note: value }, { ...ROW_LIMITS, maxNesting: 5 });
    };
    expect(nested(5)).toHaveProperty("trip");
    expect(nested(6)).toMatchObject({ problems: [{ field: "note", code: "invalid_text" }] });
  });
});

describe("what is kept of a rejected row", () => {
  it("is cut where it is too long", () => {
    expect(kept("x".repeat(MAX_KEPT))).toHaveLength(MAX_KEPT);
    expect(kept("x".repeat(MAX_KEPT + 1)).length).toBeLessThan(MAX_KEPT + 50);
  });

  it.each<[string, (row: string) => string]>([
    ["application/json", (one) => `[${one},{}]`],
    ["application/x-ndjson", (one) => `${one}\n{}\n`],
    ["text/csv", () => `a,b\n${"x".repeat(3_000_000)},1\n1,2,3\n`],
  ])("is so of every form: %s", async (type, body) => {
    const { rows } = await read(body(JSON.stringify({ ...row, origin: 5, note: "x".repeat(3_000_000) })), type);
    const header = type === "text/csv" ? ["a", "b"] : undefined;
    const options = { batchId: "b", mapping: native, identity: "content", header, startRange: RANGE } as const;
    const { rejected } = await classifyRows(rows, options);
    expect(rejected).toHaveLength(2);
    for (const { record } of rejected) expect(record.length).toBeLessThan(MAX_KEPT + 50);
  });
});

describe("the length of a row of NDJSON", () => {
  const limits = { ...ROW_LIMITS, maxRowBytes: 100 };
  const line = (bytes: number) => JSON.stringify({ a: "x".repeat(bytes - 8) });

  it.each(["\n", "\r\n"])("is counted without the line end %j, wherever it is cut", async (end) => {
    const body = Buffer.from([100, 101, 100].map((bytes) => line(bytes) + end).join("") + line(100));
    for (let cut = 0; cut <= body.length; cut++) {
      async function* pieces() {
        yield body.subarray(0, cut);
        yield body.subarray(cut);
      }
      const rows: SentRow[] = [];
      const ends: number[] = [];
      for await (const part of ndjsonParts(pieces(), FROM_START, limits)) {
        rows.push(...part.rows);
        ends.push(...part.ends());
      }
      expect(codes(rows)).toEqual(["record", "invalid_row", "record", "record"]);
      const length = end.length;
      expect(ends).toEqual([100 + length, 201 + 2 * length, 301 + 3 * length, body.length]);
    }
  });
});

describe("what an error shows", () => {
  it("is as long as the setting says, and costs no more however much was sent", () => {
    const began = process.cpuUsage();
    limitShown(20);
    expect(shown(Array(3_000_000).fill("x"))).toHaveLength(21);
    expect(shown({ ["k".repeat(5_000_000)]: "x".repeat(5_000_000) })).toHaveLength(21);
    limitShown(100);
    expect(process.cpuUsage(began).user / 1000).toBeLessThan(500);
  });
});

describe("blank characters in a row", () => {
  it("are allowed up to a limit, wherever they are cut", () => {
    const body = (blanks: number) => Buffer.from(`a${" \n".repeat(blanks).slice(0, blanks)}b`);
    for (const size of [1, 7, 64 * 1024]) {
      for (const [blanks, isTaken] of [
        [100_000, true],
        [100_001, false],
      ] as const) {
        const check = createBlankCheck(100_000);
        const feed = () => {
          const bytes = body(blanks);
          for (let at = 0; at < bytes.length; at += size) check.add(bytes.subarray(at, at + size));
        };
        if (isTaken) expect(feed).not.toThrow();
        else expect(feed).toThrow(/100000 blank/);
      }
    }
  });

  it("end a body that is nothing else", async () => {
    const body = "\n".repeat(MAX_BLANK + 1);
    await expect(read(body, "application/x-ndjson")).rejects.toMatchObject({ code: "invalid_body" });
    expect((await read(`{}${"\n".repeat(MAX_BLANK)}{}`, "application/x-ndjson")).rows).toHaveLength(2);
  });
});

describe("a large body that is no CSV", () => {
  it("is refused with the line where it breaks, like a small one", async () => {
    const rows = "1,2\n".repeat(20_000);
    await expect(read(`a,b\n${rows}"x\ny`, "text/csv")).rejects.toMatchObject({
      code: "invalid_csv",
      extra: { line: 20_003 },
    });
    const long = `"${"x".repeat(ROW_LIMITS.maxRowBytes + 1)}"`;
    await expect(read(`a,b\n${rows}${long},1\n`, "text/csv")).rejects.toMatchObject({
      code: "invalid_csv",
      extra: { line: 20_002 },
    });
  });
});
