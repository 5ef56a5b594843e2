import { describe, expect, it } from "vitest";
import { Random, weighted } from "../../src/demo/random.ts";

describe("Random", () => {
  it("is xoshiro128**: it gives what the C reference gives from the state 1, 2, 3, 4", () => {
    const random = new Random([1, 2, 3, 4]);
    const reference = [11520, 0, 5927040, 70819200, 2031721883, 1637235492, 1287239034, 3734860849, 3729100597];
    expect(reference.map(() => random.next())).toEqual(reference);
  });

  it("differs between seeds that are near, also beyond 32 bits", () => {
    const firsts = [0, 1, 2, 2 ** 32, 2 ** 32 + 1, 2 ** 53 - 1].map((seed) => Random.seeded(seed).next());
    expect(new Set(firsts).size).toBe(firsts.length);
  });

  it.each([-1, 0.5, 2 ** 53, Number.NaN])("refuses the seed %s", (seed) => {
    expect(() => Random.seeded(seed)).toThrow(RangeError);
  });

  it("is normal enough: mean 0, deviation 1, two thirds within 1", () => {
    const random = Random.seeded(3);
    const xs = Array.from({ length: 100_000 }, () => random.normal());
    const mean = xs.reduce((sum, x) => sum + x, 0) / xs.length;
    const variance = xs.reduce((sum, x) => sum + (x - mean) ** 2, 0) / xs.length;
    expect(mean).toBeCloseTo(0, 1);
    expect(variance).toBeCloseTo(1, 1);
    expect(xs.filter((x) => Math.abs(x) < 1).length / xs.length).toBeCloseTo(0.67, 1);
  });
});

describe("weighted", () => {
  it("draws in proportion, and never what weighs nothing", () => {
    const weights = [1, 0, 3, 0.5, 0, 5.5];
    const draw = weighted([...weights.keys()], (i) => weights[i] ?? 0);
    const random = Random.seeded(4);
    const counts = weights.map(() => 0);
    for (let i = 0; i < 100_000; i++) {
      const drawn = draw(random);
      counts[drawn] = (counts[drawn] ?? 0) + 1;
    }
    for (const [i, count] of counts.entries()) expect(count / 10_000).toBeCloseTo(weights[i] ?? 0, 0.7);
    expect([counts[1], counts[4]]).toEqual([0, 0]);
  });

  it.each([[[]], [[0, 0]], [[1, -1, 2]], [[1, Number.NaN]], [[1, Number.POSITIVE_INFINITY]]])(
    "refuses %j",
    (weights) => {
      expect(() => weighted(weights, (weight) => weight)).toThrow(RangeError);
    },
  );
});
