import { type IncomingMessage, request } from "node:http";
import { connect, type Socket } from "node:net";
import { text } from "node:stream/consumers";

export interface Asked {
  method?: string;
  path: string;
  headers?: Record<string, string>;
  body?: string | Buffer;
  /** After which the request counts as one that never ends. */
  timeoutMs?: number;
}

/** What came of a request: a reply, or 0 and why there was none. */
export interface Answered {
  status: number;
  type: string;
  headers: IncomingMessage["headers"];
  text: string;
  ms: number;
}

/** Sends a request on a connection of its own. What happens to it is told and never thrown. */
export function ask(
  url: string,
  { method = "GET", path, headers, body, timeoutMs = 60_000 }: Asked,
): Promise<Answered> {
  const started = performance.now();
  const { hostname, port } = new URL(url);
  return new Promise((resolve) => {
    const done = (status: number, type: string, text: string, headers: IncomingMessage["headers"] = {}) => {
      clearTimeout(timer);
      resolve({ status, type, headers, text, ms: performance.now() - started });
    };
    const length = body === undefined ? {} : { "content-length": String(Buffer.byteLength(body)) };
    // A path may hold what Node would not send; it is part of the attack.
    const sent = request({ hostname, port, method, path, headers: { ...length, ...headers }, agent: false });
    const timer = setTimeout(() => {
      sent.destroy();
      done(0, "timeout", "");
    }, timeoutMs);
    sent.on("response", (reply) => {
      const type = (reply.headers["content-type"] ?? "").split(";")[0] ?? "";
      text(reply).then(
        (content) => done(reply.statusCode ?? 0, type, content, reply.headers),
        (error) => done(0, `broken off: ${error.code}`, ""),
      );
    });
    sent.on("error", (error: Error & { code?: string }) => done(0, error.code ?? error.message, ""));
    sent.end(body);
  });
}

/** A connection of a client that does with it as it likes. Nothing is read unless the test asks for it. */
export function open(port: number): Socket {
  const socket = connect(port, "127.0.0.1");
  // That the service closes it is what is hoped for.
  socket.on("error", () => {});
  return socket;
}

/** The beginning of a request; its body is sent by whoever asked. */
export function head(method: string, path: string, headers: Record<string, string | number>): string {
  const lines = Object.entries({ host: "127.0.0.1", ...headers }).map(([name, value]) => `${name}: ${value}\r\n`);
  return `${method} ${path} HTTP/1.1\r\n${lines.join("")}\r\n`;
}
