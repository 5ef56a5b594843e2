import { describe, expect, it } from "vitest";
import { parseJson } from "../../src/kit/json.ts";
import { BrokenJson, located } from "../../src/parsing/json-fault.ts";
import { JsonReader } from "../../src/parsing/json-reader.ts";
import { PIECE_BYTES, ROW_LIMITS, type RowLimits } from "../../src/parsing/row-limits.ts";
import type { SentRow } from "../../src/parsing/sent-row.ts";

const MB = 1024 * 1024;

/** Reads a body in pieces of a size, and how many rows were held at most at one time. */
function read(body: string | Buffer, limits: RowLimits = ROW_LIMITS, size = PIECE_BYTES) {
  const bytes = Buffer.from(body);
  const reader = new JsonReader(limits);
  const rows: SentRow[] = [];
  const ends: number[] = [];
  let most = 0;
  const take = (part: ReturnType<JsonReader["read"]>) => {
    most = Math.max(most, part.rows.length);
    for (const row of part.rows) rows.push(row);
    for (const end of part.ends()) ends.push(end);
    if (part.rows.length > 0 && part.end !== ends.at(-1)) throw new Error("a part ends elsewhere");
  };
  for (let at = 0; at < bytes.length; at += size) {
    take(reader.read(bytes.subarray(at, at + size)));
    while (reader.isBehind) take(reader.read());
  }
  take(reader.end());
  return { rows, ends, most };
}

const codes = (rows: SentRow[]) => rows.map((row) => ("fault" in row ? row.fault.code : "record"));

describe("a JSON array", () => {
  it.each([1, 2, 7, 1000])("has the same rows and ends in pieces of %d bytes", (size) => {
    const members = [
      '{"a":"},{"}',
      '{"b":[{"c":1},{"d":2}]}',
      "5",
      '"x,]"',
      "[{},{}]",
      "null",
      "{}",
      '{"é":"\\\\\\""}',
    ];
    const body = ` [ ${members.join(" , ")} ] \n`;
    const { rows, ends } = read(body, ROW_LIMITS, size);
    expect(rows.map((row) => ("record" in row ? JSON.stringify(row.record) : row.raw))).toEqual(members);
    const bytes = Buffer.from(body);
    expect(ends.map((end) => bytes.subarray(0, end).toString())).toEqual(
      members.map((_, i) => ` [ ${members.slice(0, i + 1).join(" , ")}`),
    );
  });

  it.each([
    ["0", "invalid_row"],
    ["{}", "record"],
    ["[]", "invalid_row"],
    ['"x"', "invalid_row"],
  ])("of %s only comes in parts that hold a piece each", (member, code) => {
    const count = Math.floor(MB / 4 / (member.length + 1));
    const { rows, most } = read(`[${`${member},`.repeat(count)}${member}]`);
    expect(rows.length).toBe(count + 1);
    expect(new Set(codes(rows))).toEqual(new Set([code]));
    expect(most).toBeLessThanOrEqual(PIECE_BYTES);
  });

  it("rejects a member that is a byte too long, and keeps what may be kept of it", () => {
    const of = (length: number) => `{"a":"${"x".repeat(length - 8)}"}`;
    const limit = ROW_LIMITS.maxRowBytes;
    const { rows } = read(`[{},${of(limit)},${of(limit + 1)},{}]`);
    expect(codes(rows)).toEqual(["record", "record", "invalid_row", "record"]);
    expect(rows[1]?.raw.length).toBeLessThan(66_000);
    expect(rows[2]).toMatchObject({ raw: "", fault: { detail: `the row is longer than ${limit} bytes` } });
    const narrow = { ...ROW_LIMITS, maxRowBytes: 1024 };
    expect(codes(read(`[${of(1024)},${of(1025)}]`, narrow).rows)).toEqual(["record", "invalid_row"]);
  });

  it("rejects a long member of too many fields before it is parsed", () => {
    const of = (fields: number) =>
      `{${Array.from({ length: fields }, (_, i) => `"k${i}":"${"x".repeat(100)}"`).join(",")}}`;
    const { rows } = read(`[${of(1000)},${of(1001)},{"a":${of(1001)}},{"a":[${"1,".repeat(40_001)}1]}]`);
    expect(codes(rows)).toEqual(["record", "invalid_row", "record", "invalid_row"]);
    expect(rows[1]).toMatchObject({ fault: { detail: "expected at most 1000 fields, but the row has more" } });
  });

  it("of rows that take megabytes of fields blocks for no more than a moment", () => {
    const long = `[{${'"a":1,'.repeat(600_000)}"b":2}]`;
    const began = process.cpuUsage();
    expect(codes(read(long).rows)).toEqual(["invalid_row"]);
    expect(process.cpuUsage(began).user / 1000).toBeLessThan(1000);
  });
});

describe("what is no JSON", () => {
  const good = JSON.stringify({ a: 1, b: "x" });
  const filler = `${good},\n`.repeat(10_000);

  it.each([
    "",
    " ",
    "[",
    "[1",
    "[1,",
    "[1,]",
    "[,1]",
    "[1 2]",
    "[{}{}]",
    "[1]]",
    "[1] x",
    "{",
    '{"a" 1}',
    "{} {}",
    "tru",
    "[01]",
    '["a\nb"]',
    '[{"a":1},{"a":]',
    `[${filler}{"a":}]`,
    `[${filler}${good}`,
    `[${filler}${good},]`,
    `[${filler}${good} ${good}]`,
    `[${filler}${good}] ${good}`,
  ])("is told with the same line and column as where it is read whole (%#)", async (body) => {
    let expected: unknown;
    try {
      parseJson(body);
    } catch (error) {
      expected = error;
    }
    const bytes = Buffer.from(body);
    for (const size of [PIECE_BYTES, 1000]) {
      let error: unknown;
      try {
        read(bytes, ROW_LIMITS, size);
      } catch (thrown) {
        error = thrown;
      }
      expect(error).toBeInstanceOf(BrokenJson);
      const told = await located(error as BrokenJson, [bytes]);
      expect(told.message).toBe((expected as Error).message);
      expect(told.extra).toEqual((expected as { extra: unknown }).extra);
    }
  });
});
