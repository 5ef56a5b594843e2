import { setImmediate as turn } from "node:timers/promises";
import { expect, it } from "vitest";
import { countConnection, createArrivals, hasTakenLong, nextTurn } from "../../src/kit/event-loop.ts";

const busyFor = (ms: number) => {
  for (const began = performance.now(); performance.now() - began < ms; );
};

/** Resolves in a turn of the event loop that no work has begun yet. */
const freshTurn = async () => {
  await turn();
  await turn();
};

/** In how many turns of the event loop each of five that wait was done, if each is busy for a time. */
async function turnsOf(busyMs: number): Promise<number[]> {
  await freshTurn();
  const turns: number[] = [];
  let now = 0;
  const all = Array.from({ length: 5 }, async () => {
    await nextTurn();
    busyFor(busyMs);
    await Promise.resolve();
    turns.push(now);
  });
  for (; turns.length < 5; now++) await turn();
  await Promise.all(all);
  return turns;
}

it("of several that wait, one is resumed in each turn of the event loop if each takes a slice", async () => {
  const turns = await turnsOf(9);
  expect(new Set(turns).size).toBe(5);
  expect(turns).toEqual(turns.toSorted((a, b) => a - b));
});

it("those that take little time share a turn", async () => {
  // A busy machine may take the time from them, so that they need more than one.
  await expect.poll(async () => new Set(await turnsOf(0)).size).toBe(1);
});

it("work that waits again is resumed again, whoever else waits", async () => {
  let steps = 0;
  const work = async () => {
    for (let i = 0; i < 100; i++) {
      await nextTurn();
      steps++;
    }
  };
  await Promise.all([work(), work(), work()]);
  expect(steps).toBe(300);
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
  expect(performance.now() - began).toBeGreaterThanOrEqual(100);
});

it("a turn without a connection is nobody's to wait for", () => {
  let connections = 3;
  const isArriving = createArrivals(() => connections);
  expect(isArriving()).toBe(true);
  expect(isArriving()).toBe(false);
  connections++;
  expect(isArriving()).toBe(true);
  busyFor(101);
  connections++;
  expect(isArriving()).toBe(false);
  // Work goes on for a while.
  connections++;
  expect(isArriving()).toBe(false);
  busyFor(26);
  connections++;
  expect(isArriving()).toBe(true);
});
