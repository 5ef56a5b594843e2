import { Hono } from "hono";
import { expect, it } from "vitest";
import { z } from "zod";
import { readJson } from "../../src/kit/input.http.ts";
import { createRoom } from "../../src/kit/room.ts";

const KB = 1024;

/** The turns of the event loop in which the schemas of bodies that came together were read. */
async function turnsOf(bodies: readonly string[]): Promise<number[]> {
  let turn = 0;
  let isOver = false;
  const count = () => {
    turn++;
    if (!isOver) setImmediate(count);
  };
  setImmediate(count);
  const turns: number[] = [];
  const schema = z.looseObject({}).refine(() => turns.push(turn) > 0);
  const app = new Hono();
  app.use((c, next) => {
    c.set("bodies", { room: createRoom(64 * KB * KB), maxBytes: KB * KB, minBytesPerS: 0, maxVertices: 1000 });
    return next();
  });
  app.post("/", async (c) => c.json(await readJson(c, schema)));
  const replies = await Promise.all(bodies.map((body) => app.request("/", { method: "POST", body })));
  isOver = true;
  expect(replies.map(({ status }) => status)).toEqual(bodies.map(() => 200));
  return turns;
}

it("reads large bodies that come together in turns of the event loop of their own", async () => {
  const large = JSON.stringify({ area: "x".repeat(20 * KB) });
  const turns = await turnsOf(Array.from({ length: 10 }, () => large));
  expect(new Set(turns).size).toBe(10);
});

it("reads small bodies that come together at once", async () => {
  const turns = await turnsOf(Array.from({ length: 10 }, () => "{}"));
  expect(new Set(turns).size).toBeLessThan(10);
});
