import { request } from "node:http";
import type { AddressInfo } from "node:net";
import { serve } from "@hono/node-server";
import { OpenAPIHono } from "@hono/zod-openapi";
import { afterEach, describe, expect, it } from "vitest";
import { getEvents } from "../../src/events/all-events.http.ts";
import type { BatchEvent, Feed } from "../../src/events/batch-changes.ts";
import { getBatchEvents } from "../../src/events/batch-events.http.ts";
import { createSharedHold, type SharedHold } from "../../src/events/shared-hold.http.ts";
import { add } from "../../src/kit/endpoint.http.ts";
import { createRoom, SHARES } from "../../src/kit/room.ts";
import { receiptOf } from "./support.ts";

const ID = "00000000-0000-4000-8000-000000000000";

/** A feed of these events, one at a time, then of nothing; `end` is how it ends. */
function feedOf(events: Iterable<BatchEvent>, end: "closes" | "stays" = "stays") {
  const closing = new AbortController();
  const left = events[Symbol.iterator]();
  const feed: Feed & { taken: number } = {
    taken: 0,
    isOver: false,
    onEvents: () => {},
    closed: closing.signal,
    close: () => closing.abort(),
    take: () => {
      const { value, done } = left.next();
      if (!done) feed.taken++;
      else if (end === "closes") Object.assign(feed, { isOver: true });
      return done ? undefined : [value];
    },
  };
  return feed;
}

const roomy = () => createSharedHold(createRoom(192 * 1024 * 1024));

function appWith(feed: Feed, commentMs?: number, hold = roomy()): OpenAPIHono {
  const app = new OpenAPIHono();
  const deps = { hold, ...(commentMs === undefined ? {} : { commentMs }) };
  add(
    app,
    getEvents(async () => ({ feed, id: "3-4" }), deps),
    () => {},
  );
  add(
    app,
    getBatchEvents(async () => feed, deps),
    () => {},
  );
  return app;
}

describe("a stream", () => {
  it("says which event it is, with its id and the receipt with its links", async () => {
    const receipts = [receiptOf(ID, "queued"), receiptOf(ID), receiptOf(ID, "failed"), receiptOf(ID, "committed", 3)];
    const feed = feedOf(
      receipts.map((receipt, i) => ({ id: String(i), receipt })),
      "closes",
    );
    const reply = await appWith(feed).request(`/v1/batches/${ID}/events`);
    expect(Object.fromEntries(reply.headers)).toMatchObject({
      "content-type": "text/event-stream",
      "cache-control": "no-cache",
      "x-accel-buffering": "no",
    });
    const blocks = (await reply.text()).trimEnd().split("\n\n");
    const self = `/v1/batches/${ID}`;
    const links = { self, events: `${self}/events`, rejects: `${self}/rejects` };
    expect(blocks).toEqual(
      ["progress", "progress", "failed", "committed"].map(
        (event, i) => `event: ${event}\ndata: ${JSON.stringify({ ...receipts[i], links })}\nid: ${i}`,
      ),
    );
  });

  it("of all batches begins with an id from which it can be resumed", async () => {
    const reply = await appWith(feedOf([], "closes")).request("/v1/events");
    expect(await reply.text()).toBe(": all batches\nid: 3-4\n\n");
  });

  it("has a comment every so often, also between events", async () => {
    const feed = feedOf([]);
    let n = 0;
    const { take } = feed;
    let isDue = false;
    feed.take = () => {
      if (!isDue || n++ >= 8) return take();
      isDue = false;
      return [{ id: "1", receipt: receiptOf(ID) }];
    };
    const events = setInterval(() => {
      isDue = true;
      feed.onEvents();
    }, 20);
    const reply = await appWith(feed, 50).request(`/v1/batches/${ID}/events`);
    setTimeout(() => feed.close(), 400);
    const blocks = (await reply.text()).split("\n\n").slice(0, -1);
    clearInterval(events);
    const comments = blocks.flatMap((block, i) => (block === ":" ? [i] : []));
    expect(comments.length).toBeGreaterThanOrEqual(3);
    expect(comments.length).toBeLessThanOrEqual(8);
    expect(comments[0]).toBeLessThan(8);
  });

  it("is not begun for a HEAD", async () => {
    const feed = feedOf([]);
    const reply = await appWith(feed).request("/v1/events", { method: "HEAD" });
    expect([reply.status, reply.headers.get("content-type")]).toEqual([200, "text/event-stream"]);
    expect(feed.closed.aborted).toBe(true);
  });
});

describe("over a connection", () => {
  const closers: (() => void)[] = [];
  afterEach(() => {
    for (const close of closers.splice(0)) close();
  });

  /** Opens a stream, of which nothing is read. */
  async function open(feed: Feed, hold?: SharedHold) {
    const server = serve({ fetch: appWith(feed, undefined, hold).fetch, port: 0, hostname: "127.0.0.1" });
    await new Promise((resolve) => server.once("listening", resolve));
    const { port } = server.address() as AddressInfo;
    const client = request({ port, host: "127.0.0.1", path: "/v1/events" }).end();
    closers.push(() => {
      client.destroy();
      if (server.listening) server.close();
    });
    await new Promise((resolve) => client.once("response", resolve));
    return { client, server };
  }

  it("a follower that goes away ends its feed", async () => {
    const feed = feedOf([]);
    const { client } = await open(feed);
    client.destroy();
    await expect.poll(() => feed.closed.aborted, { timeout: 60_000 }).toBe(true);
  });

  it("a follower that reads nothing is sent nothing more, and is cut off when the feed closes", async () => {
    function* endless() {
      for (let i = 0; ; i++) yield { id: String(i), receipt: { ...receiptOf(ID), mapping: "x".repeat(100_000) } };
    }
    const feed = feedOf(endless());
    const { server } = await open(feed);
    let before = -1;
    await expect
      .poll(
        () => {
          const isStill = feed.taken === before;
          before = feed.taken;
          return isStill;
        },
        { timeout: 60_000, interval: 300 },
      )
      .toBe(true);
    expect(feed.taken).toBeLessThan(1000);
    feed.close();
    // Which never ends while a connection is left.
    await new Promise((resolve) => server.close(resolve));
  });

  it("a follower that reads nothing holds memory for what waits, once for all followers, and is cut off if there is none", async () => {
    const room = createRoom((1024 * 1024) / SHARES.events);
    const hold = createSharedHold(room);
    const events = [{ id: "1", receipt: { ...receiptOf(ID), mapping: "x".repeat(900_000) } }];
    function* endless() {
      for (;;) yield events;
    }
    const of = () => {
      const all = endless();
      return Object.assign(feedOf([]), { take: () => all.next().value });
    };
    const slow = [of(), of(), of()];
    for (const feed of slow) await open(feed, hold);
    await expect.poll(() => room.held().events).toBeGreaterThan(900_000);
    expect(slow.some((feed) => feed.closed.aborted)).toBe(false);
    const other = feedOf(
      Array.from({ length: 100 }, () => ({ id: "2", receipt: { ...receiptOf(ID), mapping: "y".repeat(900_000) } })),
    );
    await open(other, hold).catch(() => {});
    await expect.poll(() => other.closed.aborted, { timeout: 60_000 }).toBe(true);
    for (const feed of slow) feed.close();
    await expect.poll(() => room.held().events).toBe(0);
  });
});
