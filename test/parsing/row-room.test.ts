import { describe, expect, it } from "vitest";
import { bytesOfRows } from "../../src/parsing/row-room.ts";

const times = (text: string) => bytesOfRows(Buffer.from(text)) / text.length;

describe("what rows take beside their text", () => {
  it("is many times that of the worst", () => {
    for (const worst of ["{},", "[[[]]],", "0,", "1,1,1,1\n"])
      expect(times(worst.repeat(1000))).toBeGreaterThanOrEqual(16);
    expect(times("{},".repeat(1000))).toBeGreaterThan(22);
  });

  it.each([0, 1, 2, 3, 4, 5, 6, 7])("counts each value of a text of %i bytes", (length) => {
    expect(bytesOfRows(Buffer.from(",".repeat(length)))).toBe(41 * length);
  });

  it("is about five times of usual rows", () => {
    const row = { source: "baba_car", trip_id: "a1b2c3", started_at: "2018-05-21T02:54:04", origin: [7.6728, 44.9957] };
    expect(times(JSON.stringify(row))).toBeGreaterThan(3);
    expect(times(JSON.stringify(row))).toBeLessThan(7);
  });
});
