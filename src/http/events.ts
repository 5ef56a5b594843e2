import { z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { type SSEMessage, streamSSE } from "hono/streaming";
import type { Receipt } from "../batch.ts";
import { type BatchEvent, type Feed, type FollowBatches, isFinal, knownBy } from "../batch-changes.ts";
import { AppError } from "../errors.ts";
import type { Endpoint } from "./endpoint.ts";
import { replies } from "./schemas.ts";
import { withLinks } from "./trips-post.ts";

/** So often comes a comment, which keeps proxies from taking the connection for a dead one. */
export const COMMENT_MS = 15_000;
/** Who takes nothing for so long is cut off, and can come back with the last id it has got. */
const STUCK_MS = 60_000;
/** Who takes nothing when the service stops is not waited for. */
const STOP_MS = 1000;

export const lastEventId = z.string().optional().openapi({
  description: "The id of the last event that was received: what came after it is sent again",
});

const route: Endpoint["route"] = {
  method: "get",
  path: "/v1/events",
  tags: ["Ingest"],
  summary: "Follow all batches",
  description:
    "Server-sent events: `progress`, `committed` and `failed`, each with the receipt of a batch that has changed. A batch that changed several times between two looks is sent once, as it is now.",
  request: { headers: z.object({ "last-event-id": lastEventId }) },
  responses: eventReplies("One event for each change", 400, 429, 503),
};

/** `GET /v1/events`: every change of every batch, from now on or from `Last-Event-ID`. */
export function getEvents(follow: FollowBatches, commentMs = COMMENT_MS): Endpoint {
  return {
    route,
    handle: async (c) => {
      const after = readLastEventId(c, knownBy);
      const { feed, id } = await follow(after);
      // Who loses the connection before the first event has an id to come back with.
      return sendEvents(c, feed, commentMs, `: all batches\nid: ${id}\n\n`);
    },
  };
}

/** Replies of an address that sends events. */
export function eventReplies(description: string, ...problems: number[]): ReturnType<typeof replies> {
  const stream = { content: { "text/event-stream": { schema: z.string() } }, description };
  return { ...replies(200, description, z.string(), ...problems), 200: stream };
}

/** What `Last-Event-ID` says, if it was sent. */
export function readLastEventId(c: Context, parse: (id: string) => number | undefined): number | undefined {
  const id = c.req.header("last-event-id");
  if (!id) return undefined;
  const after = parse(id);
  if (after === undefined) throw new AppError("invalid_parameter", "Last-Event-ID: expected an id of this stream.");
  return after;
}

/** Sends what a feed brings until it ends, or until the client goes away. */
export function sendEvents(c: Context, feed: Feed, commentMs: number, first?: string): Response {
  c.header("X-Accel-Buffering", "no");
  if (c.req.method === "HEAD") {
    feed.close();
    return c.body(null, 200, { "content-type": "text/event-stream", "cache-control": "no-cache" });
  }
  const cutOff = () => (c.env as { outgoing?: { destroy(): void } } | undefined)?.outgoing?.destroy();
  feed.closed.addEventListener("abort", () => setTimeout(cutOff, STOP_MS).unref(), { once: true });
  return streamSSE(c, async (stream) => {
    stream.onAbort(() => feed.close());
    const write = async (sent: Promise<unknown>) => {
      const timer = setTimeout(cutOff, STUCK_MS);
      await sent;
      clearTimeout(timer);
    };
    if (first) await write(stream.write(first));
    for (let commentAt = performance.now() + commentMs; ; ) {
      const event = await feed.next(Math.max(0, commentAt - performance.now()));
      if (event === undefined) return;
      if (event !== "quiet") await write(stream.writeSSE(messageOf(event)));
      if (performance.now() < commentAt) continue;
      await write(stream.write(":\n\n"));
      commentAt = performance.now() + commentMs;
    }
  });
}

function messageOf({ id, receipt }: BatchEvent): SSEMessage {
  return { id, event: isFinal(receipt) ? receipt.state : "progress", data: jsonOf(receipt) };
}

/** Many may follow the same batch. */
const texts = new WeakMap<Receipt, string>();

function jsonOf(receipt: Receipt): string {
  const text = texts.get(receipt) ?? JSON.stringify(withLinks(receipt));
  texts.set(receipt, text);
  return text;
}
