import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { plainNumber } from "../../src/text/number-text.ts";

const digits = (max: number) => fc.stringMatching(new RegExp(`^\\d{0,${max}}$`));
/** Texts that are numbers, or nearly. */
const numberLike = fc.oneof(
  fc
    .tuple(fc.constantFrom("", "-", "+", "--"), digits(18), fc.constantFrom("", ".", ".."), digits(18))
    .map((p) => p.join("")),
  fc.double({ noNaN: true }).map(String),
  fc.double({ min: -180, max: 180, noNaN: true }).map((value) => value.toFixed(6)),
  fc.constantFrom("", ".", "-.", "-", "1e5", " 1", "1 ", "0x10", "1_000", "٣", "-0", "000", "9007199254740993"),
);

describe("a plain number", () => {
  it("is what Number makes of it to the last bit, and NaN is said of nothing that is not left to others", () => {
    fc.assert(
      fc.property(numberLike, (text) => {
        const value = plainNumber(text);
        if (Number.isNaN(value)) return;
        expect(Object.is(value, Number(text))).toBe(true);
        expect(text).toMatch(/^-?(\d+\.?\d*|\.\d+)$/);
      }),
      { numRuns: 20_000 },
    );
  });

  it.each([
    ["45.061945", 45.061945],
    ["-118.237411", -118.237411],
    ["0.1", 0.1],
    ["123456789012345", 123456789012345],
    ["5.", 5],
    [".5", 0.5],
    ["-0", -0],
  ])("is read from %s without help", (text, value) => {
    expect(Object.is(plainNumber(text), value)).toBe(true);
  });
});
