import { setTimeout as sleep } from "node:timers/promises";
import { DeliverPolicy, type JetStreamClient, type JsMsg } from "@nats-io/jetstream";
import type { Message, Stretch } from "./broker.ts";
import { BYTES_A_CHUNK, MESSAGES_A_CHUNK } from "./cut-stretch.ts";
import { deferred } from "./deferred.ts";

/** How long the first message of a stretch waits for others, so that few messages a second do not become as many batches. */
const LINGER_MS = 20;
/**
 * What the client asks the server for ahead. It asks by messages, since a request by bytes that the next message does
 * not fit into stalls for seconds.
 */
const AHEAD_BYTES = 8 * 1024 * 1024;
const MAX_AHEAD = 2000;
const MIN_AHEAD = 8;

/** How many messages of this size, on average, are asked for ahead. */
export const messagesAhead = (averageBytes: number): number =>
  Math.min(MAX_AHEAD, Math.max(MIN_AHEAD, Math.floor(AHEAD_BYTES / Math.max(1, averageBytes))));

/** Carries the key of a message, since JetStream has none. */
export const KEY_HEADER = "tripgrid-key";

interface ReaderDeps {
  js: JetStreamClient;
  stream: string;
  subject: string;
  /** The first position to deliver. */
  from: number;
  /** Called once the server has begun to deliver. */
  onReading: () => void;
  /** How many messages the client asks for ahead. */
  ahead: number;
  deliver: (stretch: Stretch) => Promise<void>;
}

/**
 * Delivers the messages of a subject from a position on, until the signal is aborted.
 *
 * @throws when the server's consumer ended or was made again: the stream may be another one then
 */
export async function readSubject({ js, deliver, ...deps }: ReaderDeps, signal: AbortSignal): Promise<void> {
  const { stream, subject, from, ahead, onReading } = deps;
  const consumer = await js.consumers.get(stream, {
    filter_subjects: subject,
    deliver_policy: DeliverPolicy.StartSequence,
    opt_start_seq: Math.max(1, from),
  });
  if (signal.aborted) return;
  onReading();
  const messages = await consumer.consume({ max_messages: ahead, expires: 10_000 });
  const ended = new AbortController();
  const end = () => {
    ended.abort();
    messages.stop();
  };
  signal.addEventListener("abort", end, { once: true });
  let failure: Error | undefined;
  const watching = (async () => {
    for await (const { type } of messages.status()) {
      if (!["ordered_consumer_recreated", "reset", "stream_not_found", "consumer_deleted"].includes(type)) continue;
      failure ??= new Error(`JetStream's consumer has ended: ${type}`);
      end();
      return;
    }
  })();
  const queue = createQueue(ended.signal);
  const delivering = deliverFrom(queue, from, deliver, ended.signal);
  try {
    for await (const message of messages) {
      if (signal.aborted || failure) break;
      await queue.put(message);
    }
  } finally {
    end();
    signal.removeEventListener("abort", end);
    await delivering;
    await messages.close().catch(() => {});
    void consumer.delete().catch(() => {});
    void watching.catch(() => {});
  }
  if (signal.aborted) return;
  throw failure ?? new Error("JetStream's consumer has ended");
}

/** Messages that arrived and are not delivered yet. It takes no more while a stretch's worth is in it. */
function createQueue(signal: AbortSignal) {
  let messages: JsMsg[] = [];
  let bytes = 0;
  let changed = deferred<void>();
  const change = () => {
    changed.resolve();
    changed = deferred();
  };
  signal.addEventListener("abort", change, { once: true });
  const isFull = () => messages.length >= MESSAGES_A_CHUNK || bytes >= BYTES_A_CHUNK;
  const until = async (is: () => boolean) => {
    while (!is() && !signal.aborted) await changed.promise;
  };
  return {
    put: async (message: JsMsg) => {
      await until(() => !isFull());
      messages.push(message);
      bytes += message.data.length;
      if (messages.length === 1 || isFull()) change();
    },
    /** Waits for messages, and a moment for more of them. Empty: the signal is aborted. */
    take: async (): Promise<JsMsg[]> => {
      await until(() => messages.length > 0);
      if (!isFull()) await Promise.race([sleep(LINGER_MS), until(isFull)]);
      if (signal.aborted) return [];
      const taken = messages;
      messages = [];
      bytes = 0;
      change();
      return taken;
    },
  };
}

async function deliverFrom(
  queue: ReturnType<typeof createQueue>,
  from: number,
  deliver: (stretch: Stretch) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  let next = from;
  while (!signal.aborted) {
    const taken = await queue.take();
    const messages = taken.map(messageFrom);
    const last = messages.at(-1);
    if (!last) return;
    await deliver({ from: next, next: last.position + 1, messages });
    next = last.position + 1;
  }
}

function messageFrom(message: JsMsg): Message {
  const headers: Record<string, string> = {};
  for (const name of message.headers?.keys() ?? []) headers[name] = message.headers?.get(name) ?? "";
  const key = headers[KEY_HEADER];
  return {
    position: message.seq,
    key: key === undefined ? undefined : Buffer.from(key),
    value: message.data,
    headers,
    sentAt: Math.floor(message.info.timestampNanos / 1e6),
  };
}
