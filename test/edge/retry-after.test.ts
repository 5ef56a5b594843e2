import { expect, it } from "vitest";
import { createRetryAfter } from "../../src/edge/retry-after.ts";

/** A service that served `perS` requests in each of the last ten seconds. */
function serving(perS: number) {
  let now = 0;
  const again = createRetryAfter(() => now);
  for (let second = 0; second < 10; second++) {
    for (let i = 0; i < perS; i++) {
      now += 1000 / perS;
      again.served();
    }
  }
  return { again, pass: (ms: number) => (now += ms) };
}

it("tells a refused client a second where few are refused", () => {
  expect(serving(500).again.seconds()).toBe(1);
});

it("tells a crowd to come one after the other, at the rate at which requests are served", () => {
  const { again } = serving(100);
  const told = Array.from({ length: 1000 }, () => again.seconds());
  const inSecond = (s: number) => told.filter((one) => one === s).length;
  expect(told).toEqual(told.toSorted((a, b) => a - b));
  for (let s = 1; s <= 9; s++) expect(Math.abs(inSecond(s) - 100)).toBeLessThan(15);
});

it("tells nobody more than half a minute, and forgets the crowd once its time is over", () => {
  const { again, pass } = serving(20);
  const told = Array.from({ length: 5000 }, () => again.seconds());
  expect(Math.max(...told)).toBe(30);
  pass(31_000);
  expect(again.seconds()).toBe(1);
});
