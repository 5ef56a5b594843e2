import { Hono } from "hono";
import { expect, it } from "vitest";
import { z } from "zod";
import { AppError } from "../../src/errors.ts";
import { readJson } from "../../src/kit/input.http.ts";
import { onError } from "../../src/kit/on-error.http.ts";
import { createRequestRecord, recordedBy } from "../../src/kit/request-record.ts";
import { createRoom } from "../../src/kit/room.ts";

const KB = 1024;

/** The turns of the event loop in which bodies that came together were read, by a schema that takes longer than a slice. */
async function turnsOf(bodies: readonly string[]): Promise<number[]> {
  let turn = 0;
  let isOver = false;
  const count = () => {
    turn++;
    if (!isOver) setImmediate(count);
  };
  setImmediate(count);
  const turns: number[] = [];
  const schema = z.looseObject({}).refine(() => {
    for (const began = performance.now(); performance.now() - began < 9; );
    return turns.push(turn) > 0;
  });
  const app = new Hono();
  app.use((c, next) => {
    c.set("bodies", {
      room: createRoom(64 * KB * KB),
      maxBytes: KB * KB,
      minBytesPerS: 0,
      maxVertices: 1000,
      checkQuestion: () => {},
    });
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

it("refuses a large question unread whose turn is not to be expected, and reads any other body", async () => {
  const app = new Hono();
  const refuse = () => {
    throw new AppError("overloaded", "No turn.");
  };
  app.onError(onError(() => {}, { maxVertices: 1, maxFaults: 10, maxNameLength: 100 }));
  app.use((c, next) => {
    c.set("bodies", {
      ...{ room: createRoom(64 * KB * KB), maxBytes: KB * KB, minBytesPerS: 0, maxVertices: 1000 },
      checkQuestion: refuse,
    });
    return next();
  });
  app.post("/:tag", (c) =>
    recordedBy({ ...createRequestRecord(), tag: c.req.param("tag") }, async () =>
      c.json(await readJson(c, z.looseObject({}))),
    ),
  );
  const post = async (tag: string, body: string) => {
    const headers = { "content-length": String(body.length) };
    const reply = await app.request(`/${tag}`, { method: "POST", body, headers });
    return reply.status;
  };
  const large = JSON.stringify({ area: "x".repeat(20 * KB) });
  // What is not even JSON is refused all the same: it was not read.
  expect([await post("Answers", large), await post("Query", "[".repeat(20 * KB))]).toEqual([503, 503]);
  expect([await post("Answers", "{}"), await post("Regions", large)]).toEqual([200, 200]);
});
