import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isPlainText } from "../../src/parsing/plain-text.ts";
import { checkText } from "../../src/parsing/value.ts";

describe("plain text", () => {
  it("is text that every check accepts as it is", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: "binary", maxLength: 70 }), fc.string({ maxLength: 70 })), (text) => {
        if (isPlainText(text)) expect(checkText(text)).toEqual({ ok: true, value: text });
      }),
      { numRuns: 10_000 },
    );
  });

  it.each(["turin-000000001", "A", "van, 7 seats", "x".repeat(64)])("is %s", (text) => {
    expect(isPlainText(text)).toBe(true);
  });

  it.each(["", " ", ".", "..", "x\0", "é", "x".repeat(65), "\u0010"])("is not said of %j", (text) => {
    expect(isPlainText(text)).toBe(false);
  });
});
