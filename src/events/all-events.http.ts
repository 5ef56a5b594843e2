import type { Context } from "hono";
import { z } from "zod";
import { withLinks } from "../batches/receipt.ts";
import { AppError } from "../errors.ts";
import type { Endpoint } from "../kit/endpoint.http.ts";
import { replies } from "../kit/replies.http.ts";
import { type BatchEvent, type Feed, type FollowBatches, isFinal, knownBy } from "./batch-changes.ts";
import { openSink } from "./event-sink.http.ts";
import type { SharedHold } from "./shared-hold.http.ts";

/** The interval of comments, which keep proxies from closing a seemingly dead connection. */
const COMMENT_MS = 15_000;
/** A follower that takes nothing for this long is cut off. It can return with the last id that it received. */
const STUCK_MS = 60_000;
/** How long a stop waits for a follower that takes nothing. */
const STOP_MS = 1000;

export const lastEventId = z.string().optional().meta({
  description: "The id of the last event that was received: what came after it is sent again",
  example: "4711",
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
export function getEvents(follow: FollowBatches, deps: EventDeps): Endpoint {
  return {
    scope: "ingest",
    bounds: ["source", "region"],
    route,
    handle: async (c) => {
      const after = readLastEventId(c, knownBy);
      const { feed, id } = await follow(after);
      // With this id, a follower that loses the connection before the first event can return.
      return sendEvents(c, feed, deps, `: all batches\nid: ${id}\n\n`);
    },
  };
}

/** The replies of an endpoint that sends events. */
export function eventReplies(description: string, ...problems: number[]): ReturnType<typeof replies> {
  const stream = { content: { "text/event-stream": { schema: z.string() } }, description };
  return { ...replies(200, description, z.string(), ...problems), 200: stream };
}

/** The number in `Last-Event-ID`, if the header was sent. */
export function readLastEventId(c: Context, parse: (id: string) => number | undefined): number | undefined {
  const id = c.req.header("last-event-id");
  if (!id) return undefined;
  const after = parse(id);
  if (after === undefined) throw new AppError("invalid_parameter", "Last-Event-ID: expected an id of this stream.");
  return after;
}

/** The settings for sending events. */
export interface EventDeps {
  /** Holds the bytes that followers are slow to take. */
  hold: SharedHold;
  /** The interval of comments. */
  commentMs?: number;
}

const TYPE = { "content-type": "text/event-stream", "cache-control": "no-cache", "x-accel-buffering": "no" };
const COMMENT = Buffer.from(":\n\n");

/**
 * Sends the events of a feed until it ends, or until the client disconnects.
 *
 * @param textOf an event as server-sent events write it; without it that of a batch
 */
export function sendEvents<E = BatchEvent>(
  c: Context,
  feed: Feed<E>,
  { hold, commentMs = COMMENT_MS }: EventDeps,
  first?: string,
  textOf: (event: E) => string = textOfBatch as unknown as (event: E) => string,
): Response {
  if (c.req.method === "HEAD") {
    feed.close();
    return c.body(null, 200, TYPE);
  }
  const { sink, reply } = openSink(c, { ...TYPE, connection: "keep-alive" });
  /** The bytes that the connection has not accepted yet. Nothing more is written until then. */
  let waiting: Buffer | undefined;
  let stuck: NodeJS.Timeout | undefined;
  const comments = setInterval(() => {
    if (!waiting) send(COMMENT);
  }, commentMs);

  function send(bytes: Buffer): void {
    if (sink.write(bytes) || feed.closed.aborted) return;
    if (hold.take(bytes)) {
      waiting = bytes;
      stuck = setTimeout(() => sink.destroy(), STUCK_MS);
    } else {
      // The client can return with the last id, and receives the rest.
      feed.close();
      sink.destroy();
    }
  }
  function drained(): void {
    clearTimeout(stuck);
    if (waiting) hold.giveBack(waiting);
    waiting = undefined;
  }
  function sendAll(): void {
    while (!waiting && !feed.closed.aborted) {
      const events = feed.take();
      if (!events) break;
      send(bytesOf(events, textOf));
    }
    if (feed.isOver) feed.close();
  }
  feed.onEvents = sendAll;
  sink.onDrain = () => {
    drained();
    sendAll();
  };
  sink.onClose = () => {
    drained();
    feed.close();
  };
  const end = () => {
    clearInterval(comments);
    drained();
    sink.end();
    setTimeout(() => sink.destroy(), STOP_MS).unref();
  };
  if (first) send(Buffer.from(first));
  feed.closed.addEventListener("abort", end, { once: true });
  if (feed.closed.aborted) end();
  else sendAll();
  return reply;
}

/** The bytes of events, made once for all followers that receive them. */
const made = new WeakMap<readonly unknown[], Buffer>();

function bytesOf<E>(events: readonly E[], textOf: (event: E) => string): Buffer {
  const bytes = made.get(events) ?? Buffer.from(events.map(textOf).join(""));
  made.set(events, bytes);
  return bytes;
}

function textOfBatch({ id, receipt }: BatchEvent): string {
  const event = isFinal(receipt) ? receipt.state : "progress";
  return `event: ${event}\ndata: ${JSON.stringify(withLinks(receipt))}\nid: ${id}\n\n`;
}
