import { setImmediate as turn } from "node:timers/promises";
import { expect, it } from "vitest";
import { breathe, countConnection, createArrivals, hasTakenLong, nextTurn } from "../../src/kit/event-loop.ts";

const busyFor = (ms: number) => {
  for (const began = performance.now(); performance.now() - began < ms; );
};

/** Resolves in a turn of the event loop that no work has begun yet. */
const freshTurn = async () => {
  await turn();
  await turn();
};

it("of several that wait, one continues in each turn of the event loop", async () => {
  await freshTurn();
  await breathe();
  busyFor(12);
  let went = 0;
  const all = Array.from({ length: 5 }, async () => {
    await breathe();
    went++;
  });
  const seen: number[] = [];
  for (let i = 0; i < 5; i++) {
    await turn();
    seen.push(went);
  }
  await Promise.all(all);
  expect(seen.every((count, i) => count <= i + 1)).toBe(true);
  expect(went).toBe(5);
});

it("all work of one turn shares its time, and what waited has a slice of its own", async () => {
  await freshTurn();
  expect(hasTakenLong()).toBe(false);
  busyFor(12);
  expect(hasTakenLong()).toBe(true);
  await nextTurn();
  expect(hasTakenLong()).toBe(false);
  busyFor(12);
  expect(hasTakenLong()).toBe(true);
  await freshTurn();
  expect(hasTakenLong()).toBe(false);
});

it("work waits while each turn brings a connection, but not for long", async () => {
  await freshTurn();
  let went = false;
  void nextTurn().then(() => {
    went = true;
  });
  const began = performance.now();
  while (!went) {
    countConnection();
    await turn();
  }
  expect(performance.now() - began).toBeGreaterThanOrEqual(25);
});

it("a turn without a connection is nobody's to wait for", () => {
  let connections = 3;
  const isArriving = createArrivals(() => connections);
  expect(isArriving()).toBe(true);
  expect(isArriving()).toBe(false);
  connections++;
  expect(isArriving()).toBe(true);
  busyFor(26);
  connections++;
  expect(isArriving()).toBe(false);
  // Work goes on for as long as it waited.
  connections++;
  expect(isArriving()).toBe(false);
  busyFor(26);
  connections++;
  expect(isArriving()).toBe(true);
});
