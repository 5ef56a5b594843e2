import { type Agent, request } from "node:http";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";

export interface Replied {
  status: number;
  ms: number;
  error?: string;
  /** When the client may come again, if it is told. */
  retryAfterS?: number;
}

/** How long a refused client waits, if it is not told. */
const AGAIN_S = 1;

/** Waits as long as a refused client is told, and up to half of it longer; or until all is over. */
export const untilAgain = ({ retryAfterS = AGAIN_S }: Replied, over: AbortSignal): Promise<void> =>
  sleep(retryAfterS * 1000 * (1 + Math.random() / 2), undefined, { signal: over }).catch(() => {});

/** Sends a request, and tells what came of it; an agent keeps its connection. */
export function send(url: string, agent: Agent | undefined, path: string, body?: string): Promise<Replied> {
  const started = performance.now();
  const { hostname, port } = new URL(url);
  const headers = { "content-type": "application/json", "content-length": String(Buffer.byteLength(body ?? "")) };
  return new Promise((resolve) => {
    const done = (status: number, error?: string, retryAfter?: string) =>
      resolve({
        ...{ status, ms: performance.now() - started },
        ...(error ? { error } : {}),
        ...(retryAfter ? { retryAfterS: Number(retryAfter) } : {}),
      });
    const sent = request({
      ...{ hostname, port, path, headers, method: body === undefined ? "GET" : "POST", timeout: 120_000 },
      ...(agent ? { agent } : { agent: false }),
    });
    sent.on("response", (reply) => {
      text(reply).then(
        () => done(reply.statusCode ?? 0, undefined, reply.headers["retry-after"]),
        (error) => done(0, error.code),
      );
    });
    sent.on("timeout", () => sent.destroy(Object.assign(new Error("no reply"), { code: "NO_REPLY_IN_2_MINUTES" })));
    sent.on("error", (error: Error & { code?: string }) => done(0, error.code ?? error.message));
    sent.end(body);
  });
}
