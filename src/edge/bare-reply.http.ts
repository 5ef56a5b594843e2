import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { ERRORS } from "../errors.ts";
import { problemText } from "../kit/problem.http.ts";
import type { Refusal } from "./gate.http.ts";

/** How long a client has to read its reply, or to stop sending, before its connection is closed. */
const LAST_WORD_MS = 1000;

/**
 * Answers a request with a problem, without the framework. The rest of its body is read and thrown away for a second: a
 * connection that is closed while the body comes may lose the reply.
 */
export function refuse(
  request: IncomingMessage,
  response: ServerResponse,
  refusal: Refusal,
  more: Record<string, string> = {},
): void {
  const body = problemText(refusal.code, refusal.detail);
  response.writeHead(ERRORS[refusal.code].status, {
    "content-type": "application/problem+json",
    "content-length": Buffer.byteLength(body),
    ...(refusal.retryAfterSeconds === undefined ? {} : { "retry-after": String(refusal.retryAfterSeconds) }),
    ...more,
  });
  response.end(body);
  if (request.complete) return;
  const timer = setTimeout(() => {
    if (!request.complete) request.socket.destroy();
  }, LAST_WORD_MS);
  request.once("close", () => clearTimeout(timer));
  request.resume();
}

/** Answers on a connection from which no request could be read, and closes it. */
export function refuseConnection(socket: Duplex, refusal: Refusal): void {
  const { status, title } = ERRORS[refusal.code];
  const body = problemText(refusal.code, refusal.detail);
  const head = [
    `HTTP/1.1 ${status} ${title}`,
    "Content-Type: application/problem+json",
    `Content-Length: ${Buffer.byteLength(body)}`,
    "Connection: close",
  ];
  socket.end(`${head.join("\r\n")}\r\n\r\n${body}`);
  // A client that does not close its side would keep the connection without limit.
  setTimeout(() => socket.destroy(), LAST_WORD_MS).unref();
}

/** Turns an error of Node's HTTP parser or of its timeouts into a refusal. */
export function fromParser(error: Error): Refusal {
  const { code = "" } = error as { code?: string };
  if (code === "HPE_HEADER_OVERFLOW") {
    return { code: "headers_too_large", detail: "The address and the headers are larger than 16 KB." };
  }
  if (code === "ERR_HTTP_REQUEST_TIMEOUT") {
    return { code: "request_timeout", detail: "The headers did not come in time." };
  }
  return { code: "invalid_request", detail: "This is not a request of HTTP/1.1." };
}
