import type { Receipt } from "../../src/batches/receipt.ts";

export interface SentEvent {
  id: string;
  event: string;
  receipt: Receipt & { links: Record<string, string> };
}

export interface EventStream {
  reply: Response;
  /** The next event; undefined once the stream has ended. */
  next(): Promise<SentEvent | undefined>;
  /** Reads events up to the first that this is true of, and gives them all. */
  until(isLast: (event: SentEvent) => boolean): Promise<SentEvent[]>;
  /** The comments, and the ids without an event, read so far. */
  comments: string[];
  /** Goes away. */
  leave(): void;
}

/** Opens a stream of server-sent events. A wait for an event of more than some seconds fails. */
export async function openEvents(service: { url: string }, path: string, lastEventId?: string): Promise<EventStream> {
  const leaving = new AbortController();
  const reply = await fetch(service.url + path, {
    signal: leaving.signal,
    headers: lastEventId === undefined ? {} : { "last-event-id": lastEventId },
  });
  const chunks = reply.body?.pipeThrough(new TextDecoderStream()).getReader();
  const comments: string[] = [];
  let text = "";

  async function block(): Promise<string | undefined> {
    while (!text.includes("\n\n")) {
      const { done, value } = (await within(10_000, chunks?.read())) ?? { done: true };
      if (done) return undefined;
      text += value;
    }
    const [first = "", ...rest] = text.split("\n\n");
    text = rest.join("\n\n");
    return first;
  }

  const next = async (): Promise<SentEvent | undefined> => {
    for (;;) {
      const lines = (await block())?.split("\n");
      if (!lines) return undefined;
      const field = (name: string) => lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2) ?? "";
      if (lines.some((line) => line.startsWith("data:"))) {
        return { id: field("id"), event: field("event"), receipt: JSON.parse(field("data")) };
      }
      comments.push(lines.join("\n"));
    }
  };

  return {
    reply,
    next,
    until: async (isLast) => {
      const events: SentEvent[] = [];
      for (let event = await next(); event; event = await next()) {
        events.push(event);
        if (isLast(event)) return events;
      }
      throw new Error(`The stream ended after ${JSON.stringify(events)}.`);
    },
    comments,
    leave: () => leaving.abort(),
  };
}

async function within<T>(ms: number, promise: Promise<T> | undefined): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`No event came within ${ms / 1000} s.`)), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
