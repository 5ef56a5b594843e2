import type { Alert } from "../../src/alerts/alert.ts";

export interface AlertEvents {
  /** `at`: when it came, in milliseconds since 1970. */
  events: { id: string; at: number; data: Alert }[];
  /** The id of the last event or comment. */
  lastId: string | undefined;
  models(): (string | undefined)[];
  close(): void;
}

/** Follows the stream of alerts, after an id, with a key. */
export async function openEvents(
  { url }: { url: string },
  after?: string,
  path = "/v1/alerts",
  key?: string,
): Promise<AlertEvents> {
  const closing = new AbortController();
  const headers = {
    accept: "text/event-stream",
    ...(after === undefined ? {} : { "last-event-id": after }),
    ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
  };
  const reply = await fetch(url + path, { headers, signal: closing.signal });
  if (!reply.ok || !reply.body) throw new Error(`the stream was refused with ${reply.status}`);
  const following: AlertEvents = {
    events: [],
    lastId: undefined,
    models: () => following.events.map(({ data }) => data.detection?.Model),
    close: () => closing.abort(),
  };
  void read(reply.body, following).catch(() => {});
  return following;
}

async function read(body: ReadableStream<Uint8Array>, following: AlertEvents): Promise<void> {
  let text = "";
  const decoder = new TextDecoder();
  for await (const bytes of body as unknown as AsyncIterable<Uint8Array>) {
    text += decoder.decode(bytes, { stream: true });
    for (let end = text.indexOf("\n\n"); end >= 0; end = text.indexOf("\n\n")) {
      const block = text.slice(0, end);
      text = text.slice(end + 2);
      const id = /^id: (.*)$/m.exec(block)?.[1];
      const data = /^data: (.*)$/m.exec(block)?.[1];
      following.lastId = id ?? following.lastId;
      if (id !== undefined && data !== undefined) following.events.push({ id, at: Date.now(), data: JSON.parse(data) });
    }
  }
}
