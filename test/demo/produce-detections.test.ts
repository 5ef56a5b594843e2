import { describe, expect, it } from "vitest";
import { vehicles } from "../../src/demo/produce-detections.ts";
import { readDetection } from "../../src/detections/read-detection.ts";
import { ROW_LIMITS } from "../../src/parsing/row-limits.ts";

function some(seed: number, count: number): Record<string, unknown>[] {
  const all = vehicles(seed, 2025);
  return Array.from({ length: count }, () => all.next().value as Record<string, unknown>);
}

describe("made-up vehicles", () => {
  it("are detections, of which some are suspicious", () => {
    const range = { min: "2000-01-01", max: "2026-01-01" };
    const all = some(1, 500);
    for (const one of all) {
      expect(readDetection(one, { fromCsv: false, limits: ROW_LIMITS, range })).toHaveProperty("detection");
    }
    const suvs = all.filter(({ Category }) => Category === "SUV").length;
    expect(suvs).toBeGreaterThan(20);
    expect(suvs).toBeLessThan(250);
  });

  it("are the same for the same seed", () => {
    expect(some(7, 50)).toEqual(some(7, 50));
    expect(some(7, 50)).not.toEqual(some(8, 50));
  });
});
