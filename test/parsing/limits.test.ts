import { describe, expect, it } from "vitest";
import { AppError } from "../../src/errors.ts";
import { native } from "../../src/mappings/native.ts";
import { mapRow } from "../../src/parsing/map-row.ts";
import { rowsFrom } from "../../src/parsing/rows.ts";

const MAX_ROWS = 200_000;
const MAX_COLUMNS = 1000;

/** The code of what a body is refused with, or how many rows it has. */
function outcome(body: string, contentType: string): string | number {
  try {
    return rowsFrom(body, contentType).rows.length;
  } catch (error) {
    if (error instanceof AppError) return error.code;
    throw error;
  }
}

const csvOf = (columns: number) => `${Array.from({ length: columns }, (_, i) => `c${i}`).join(",")}\n`;

describe("a body of very many rows", () => {
  it.each<[string, string, (rows: number) => string]>([
    ["JSON", "application/json", (rows) => `[${Array(rows).fill("0").join(",")}]`],
    ["NDJSON", "application/x-ndjson", (rows) => "0\n".repeat(rows)],
    ["CSV", "text/csv", (rows) => `a\n${"0\n".repeat(rows)}`],
  ])("is taken as %s up to the limit and refused beyond it", (_, type, body) => {
    expect(outcome(body(MAX_ROWS), type)).toBe(MAX_ROWS);
    expect(outcome(body(MAX_ROWS + 1), type)).toBe("body_too_large");
    expect(outcome(body(2 * MAX_ROWS), type)).toBe("body_too_large");
  });

  it("is counted without empty lines", () => {
    expect(outcome(`0${"\n".repeat(MAX_ROWS + 1)}0`, "application/x-ndjson")).toBe(2);
    expect(outcome(`a\n0${"\n".repeat(MAX_ROWS + 2)}0`, "text/csv")).toBe(2);
  });
});

describe("a CSV of very many columns", () => {
  it("is accepted up to the limit and refused beyond it", () => {
    expect(outcome(csvOf(MAX_COLUMNS), "text/csv")).toBe(0);
    expect(outcome(csvOf(MAX_COLUMNS + 1), "text/csv")).toBe("invalid_csv");
  });
});

describe("a cell of very many digits", () => {
  const range = { min: "2000-01-01", max: "2027-01-01" };
  const row = { source: "s", started_at: "2018-05-21T02:54:04", origin_lon: "7.67", origin_lat: "44.99" };

  it.each(["x", ".x", "e"])("followed by %j is refused at once", { timeout: 2000 }, (end) => {
    const duration = "1".repeat(50_000) + end;
    expect(mapRow({ ...row, duration_s: duration }, native, true, range)).toMatchObject({
      problems: [{ field: "duration_s", code: "wrong_type" }],
    });
  });
});
