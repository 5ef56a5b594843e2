import { describe, expect, it } from "vitest";
import { intervalFrom } from "../../src/ogc/items-query.ts";

describe("the parameter datetime", () => {
  it.each([
    ["2024-02-29", { from: "2024-02-29T00:00:00Z", to: "2024-02-29T23:59:59.999999Z" }],
    ["2018-05-21T08:00:00+02:00/..", { from: "2018-05-21T08:00:00+02:00", to: undefined }],
  ])("%s is an interval", (text, interval) => {
    expect(intervalFrom(text)).toEqual(interval);
  });

  it.each(["2024-02-30", "2023-02-29/..", "0000-01-01", "2024-01-01T00:00:00+23:00", "../.."])(
    "%s is refused",
    (text) => {
      expect(() => intervalFrom(text)).toThrow("expected a timestamp such as");
    },
  );
});
