import { describe, expect, it } from "vitest";
import { clock, count } from "../../src/cli/progress.ts";

describe("time left", () => {
  it.each([
    [0, "00:00"],
    [35.6, "00:35"],
    [600, "10:00"],
    [3599, "59:59"],
    [3600, "1:00:00"],
    [90_061, "25:01:01"],
  ])("%d s is %s", (seconds, text) => {
    expect(clock(seconds)).toBe(text);
  });
});

it("writes large numbers in groups, wherever it runs", () => {
  expect([0, 999.6, 1234567].map(count)).toEqual(["0", "1,000", "1,234,567"]);
});
