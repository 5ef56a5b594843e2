import { type Api, ApiError } from "../api.ts";

export type LiveState = "connecting" | "live" | "refused";

/** How long is waited before the stream is opened again: longer each time, up to half a minute. */
const RETRY_MS = [1000, 2000, 5000, 10_000, 30_000];

/**
 * Follows a stream of server-sent events. It is read by `fetch`, whose request carries the credential in a header; the
 * browser's own reader of event streams would need it in the address. A hidden page closes its stream,
 * since a browser has six connections to a service for all its tabs, and goes on from there when it is seen again.
 *
 * @param changed gets the data of each event, and the state of the connection
 * @returns opens the stream again, with the credential of now
 */
export function followEvents<T>(
  api: Api,
  path: string,
  changed: { data(data: T): void; state(state: LiveState): void },
): () => void {
  let controller = new AbortController();
  let lastId: string | undefined;
  let failures = 0;

  async function follow(signal: AbortSignal): Promise<void> {
    changed.state("connecting");
    try {
      const headers: Record<string, string> = { accept: "text/event-stream" };
      if (lastId !== undefined) headers["last-event-id"] = lastId;
      const reply = await api.send(path, { signal, headers });
      changed.state("live");
      failures = 0;
      for await (const event of eventsOf(reply)) {
        if (event.id !== undefined) lastId = event.id;
        if (event.data !== "") changed.data(JSON.parse(event.data) as T);
      }
    } catch (error) {
      if (signal.aborted) return;
      // Without the permission nothing changes by waiting.
      if (error instanceof ApiError && (error.status === 401 || error.status === 403)) {
        changed.state("refused");
        return;
      }
      if (error instanceof ApiError && error.status === 400) lastId = undefined;
    }
    if (signal.aborted) return;
    changed.state("connecting");
    const waitMs = RETRY_MS[Math.min(failures++, RETRY_MS.length - 1)];
    setTimeout(() => {
      if (!signal.aborted) void follow(signal);
    }, waitMs);
  }
  const open = () => {
    controller.abort();
    controller = new AbortController();
    if (!document.hidden) void follow(controller.signal);
  };
  document.addEventListener("visibilitychange", open);
  open();
  return open;
}

/** The events of a stream of server-sent events. */
async function* eventsOf(reply: Response): AsyncGenerator<{ id: string | undefined; data: string }> {
  const reader = reply.body?.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (let part = await reader?.read(); part && !part.done; part = await reader?.read()) {
    const blocks = (rest + part.value).split("\n\n");
    rest = blocks.pop() ?? "";
    for (const block of blocks) yield eventOf(block);
  }
}

/** One event, from its lines. Comments and unknown fields say nothing. */
export function eventOf(block: string): { id: string | undefined; data: string } {
  const values = (name: string) =>
    block
      .split("\n")
      .flatMap((line) => (line.startsWith(`${name}:`) ? [line.slice(name.length + 1).replace(/^ /, "")] : []));
  return { id: values("id").at(-1), data: values("data").join("\n") };
}
