import { type Agent, request } from "node:http";
import { text } from "node:stream/consumers";

export interface Replied {
  status: number;
  ms: number;
  error?: string;
}

/** Sends a request, and tells what came of it; an agent keeps its connection. */
export function send(url: string, agent: Agent | undefined, path: string, body?: string): Promise<Replied> {
  const started = performance.now();
  const { hostname, port } = new URL(url);
  const headers = { "content-type": "application/json", "content-length": String(Buffer.byteLength(body ?? "")) };
  return new Promise((resolve) => {
    const done = (status: number, error?: string) =>
      resolve({ status, ms: performance.now() - started, ...(error ? { error } : {}) });
    const sent = request({
      ...{ hostname, port, path, headers, method: body === undefined ? "GET" : "POST", timeout: 120_000 },
      ...(agent ? { agent } : { agent: false }),
    });
    sent.on("response", (reply) => {
      text(reply).then(
        () => done(reply.statusCode ?? 0),
        (error) => done(0, error.code),
      );
    });
    sent.on("timeout", () => sent.destroy(Object.assign(new Error("no reply"), { code: "NO_REPLY_IN_2_MINUTES" })));
    sent.on("error", (error: Error & { code?: string }) => done(0, error.code ?? error.message));
    sent.end(body);
  });
}
