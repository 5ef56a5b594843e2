import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { guarded, withoutGuard } from "../../src/text/csv-out.ts";

describe("a cell that a spreadsheet would run", () => {
  it.each([
    ["=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"],
    ["@SUM(1)", "'@SUM(1)"],
    ["+1", "'+1"],
    ["-a", "'-a"],
    ["-1+1", "'-1+1"],
    ["\ta", "'\ta"],
    ["\r=1", "'\r'=1"],
    ["＝1", "'＝1"],
    ["a;=1", "a;'=1"],
    ["a\n=1", "a\n'=1"],
    ["'=1", "''=1"],
  ])("is guarded: %j", (cell, expected) => {
    expect(guarded(cell)).toBe(expected);
    expect(withoutGuard(expected)).toBe(cell);
  });

  it.each([
    "",
    "a",
    "a=b",
    "-12.5",
    "-1,5",
    "-1e-7",
    "7.67;-12.5",
    "it's",
    "'a",
    "'-3",
    "2018-05-21T02:54:04",
    "a, -b",
  ])("is not every one: %j", (cell) => {
    expect(guarded(cell)).toBe(cell);
    expect(withoutGuard(cell)).toBe(cell);
  });

  it("is what it was once the guard is taken off", () => {
    const cell = fc.oneof(
      fc.string({ unit: fc.constantFrom(..."'=+-@;,\t\r\n1a\" ＝") }),
      fc.string({ unit: "grapheme" }),
    );
    fc.assert(
      fc.property(cell, (text) => {
        expect(withoutGuard(guarded(text))).toBe(text);
        for (const part of guarded(text).split(/[;\t\r\n]/)) {
          if (!/^-[\d.,]+(e-?\d+)?$/i.test(part)) expect(part).not.toMatch(/^[=+\-@＝＋－＠]/);
        }
      }),
      { numRuns: 3000 },
    );
  });
});
