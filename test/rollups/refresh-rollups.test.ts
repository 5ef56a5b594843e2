import { describe, expect, it } from "vitest";
import { runsOf } from "../../src/rollups/refresh-rollups.db.ts";

describe("runs of weeks", () => {
  it("join what follows each other, also across a year's end, and nothing else", () => {
    expect(runsOf(["2024-12-23", "2024-12-30", "2025-01-06", "2025-02-03"])).toEqual([
      { from: "2024-12-23", to: "2025-01-13" },
      { from: "2025-02-03", to: "2025-02-10" },
    ]);
    expect(runsOf([])).toEqual([]);
  });
});
