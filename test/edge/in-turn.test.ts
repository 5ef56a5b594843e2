import { setImmediate as turn } from "node:timers/promises";
import { expect, it } from "vitest";
import { createTurns } from "../../src/edge/in-turn.http.ts";
import { createArrivals } from "../../src/kit/event-loop.ts";

const busyFor = (ms: number) => {
  const until = performance.now() + ms;
  while (performance.now() < until);
};

it("what is started in turn keeps its order and leaves the event loop free in between", async () => {
  const inTurn = createTurns(() => false, 2);
  const started: number[] = [];
  for (let i = 0; i < 20; i++) {
    inTurn(() => {
      started.push(i);
      busyFor(1);
      if (i === 3) inTurn(() => started.push(20));
    });
  }
  expect(started).toEqual([]);
  let turns = 0;
  for (; started.length < 21; turns++) await turn();
  expect(started).toEqual(Array.from({ length: 21 }, (_, i) => i));
  expect(turns).toBeGreaterThan(5);
});

it("no stretch begins while each turn of the event loop brings a new connection, but not for long", async () => {
  let connections = 1;
  const inTurn = createTurns(createArrivals(() => connections));
  let started = false;
  const start = () => {
    started = true;
  };
  inTurn(start);
  const began = performance.now();
  for (; !started; connections++) await turn();
  expect(performance.now() - began).toBeGreaterThanOrEqual(100);
  started = false;
  inTurn(start);
  await turn();
  await turn();
  expect(started).toBe(true);
});
