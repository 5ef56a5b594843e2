import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { FoundChanges } from "../../src/events/batch-changes.ts";
import { SeenChanges } from "../../src/events/seen-changes.ts";
import { receiptOf } from "./support.ts";

/** What a look finds; unless told otherwise while no transaction is open. */
function found(numbers: number[], more: Partial<FoundChanges> = {}): FoundChanges {
  const changes = numbers.map((change_id) => ({ change_id, receipt: receiptOf(`b${change_id}`) }));
  return { changes, isFull: false, snapshot: { xmin: 100, xmax: 100 }, ...more };
}

function seenUpTo(high: number, gaps = [] as { from: number; to: number }[]) {
  const clock = { now: 0 };
  const seen = new SeenChanges({ high, gaps, snapshot: { xmin: 100, xmax: 100 } }, () => clock.now);
  const ranges = () => seen.gaps.map(({ from, to }) => [from, to]);
  return { seen, clock, ranges };
}

describe("gaps", () => {
  it("are the numbers missing below the highest", () => {
    const { seen, ranges } = seenUpTo(10);
    seen.add(found([11, 14, 15, 17]));
    expect([seen.high, seen.low, ranges()]).toEqual([
      17,
      11,
      [
        [12, 13],
        [16, 16],
      ],
    ]);
  });

  it("are there from the start", () => {
    const { seen, ranges } = seenUpTo(10, [{ from: 4, to: 6 }]);
    expect([seen.high, seen.low, ranges()]).toEqual([10, 3, [[4, 6]]]);
  });

  it.each<[number[], number[][], number]>([
    [[12], [[13, 16]], 12],
    [[16], [[12, 15]], 11],
    [
      [14],
      [
        [12, 13],
        [15, 16],
      ],
      11,
    ],
    [[12, 13, 14, 15, 16], [], 17],
  ])("are filled by %j", (numbers, left, low) => {
    const { seen, ranges } = seenUpTo(11);
    seen.add(found([17]));
    seen.add(found(numbers));
    expect([ranges(), seen.low, seen.high]).toEqual([left, low, 17]);
  });

  it("are given up when they are old and no transaction of then is open any more", () => {
    const { seen, clock, ranges } = seenUpTo(10);
    const open = { snapshot: { xmin: 90, xmax: 105 } };
    seen.add(found([12], open));
    clock.now = 31_000;
    seen.add(found([], open));
    expect(ranges()).toEqual([[11, 11]]);
    seen.add(found([], { snapshot: { xmin: 105, xmax: 300 } }));
    expect([ranges(), seen.low]).toEqual([[], 12]);
  });

  it("are not given up before, nor by a look that did not look everywhere", () => {
    const { seen, clock, ranges } = seenUpTo(10);
    seen.add(found([12]));
    clock.now = 29_000;
    seen.add(found([]));
    expect(ranges()).toEqual([[11, 11]]);
    clock.now = 31_000;
    seen.add(found([], { isFull: true }));
    expect(ranges()).toEqual([[11, 11]]);
  });

  it("do not become more than can be looked for", () => {
    const { seen } = seenUpTo(0);
    seen.add(found(Array.from({ length: 7000 }, (_, i) => 2 * i + 2)));
    expect(seen.gaps.length).toBe(5000);
    expect(seen.low).toBe(seen.gaps[0]?.from === undefined ? undefined : seen.gaps[0].from - 1);
  });
});

it("in whatever order changes become visible, each is found, and nothing below `low` comes later", () => {
  const order = fc
    .integer({ min: 1, max: 40 })
    .chain((n) => fc.shuffledSubarray([...Array(n).keys()].map((i) => i + 1)));
  fc.assert(
    fc.property(order, fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 40, maxLength: 40 }), (commits, sizes) => {
      const { seen } = seenUpTo(0);
      const visible = new Set<number>();
      const got = new Set<number>();
      const left = [...commits];
      for (const size of sizes) {
        for (const one of left.splice(0, size)) visible.add(one);
        const { high, gaps } = seen;
        const news = [...visible].filter((one) => one > high || gaps.some(({ from, to }) => from <= one && one <= to));
        const low = seen.low;
        expect(news.every((one) => one > low && !got.has(one))).toBe(true);
        for (const one of news) got.add(one);
        seen.add(found(news.toSorted((a, b) => a - b)));
      }
      expect(got).toEqual(new Set(commits));
    }),
  );
});
