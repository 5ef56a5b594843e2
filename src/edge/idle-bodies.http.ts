import type { IncomingMessage } from "node:http";

const IDLE_MS = 120_000;

/**
 * Ends a request if no byte of its body comes for two minutes. A limit for the whole body, as Node has one, would break
 * off every large file. A sender is not idle while its bytes wait for a slow database. Bodies that are being read also
 * have a lowest rate.
 */
export function endIdleBody(request: IncomingMessage, idleMs = IDLE_MS): void {
  if (request.method === "GET" || request.method === "HEAD") return;
  let seen = request.socket.bytesRead;
  const timer = setInterval(() => {
    if (request.complete) return clearInterval(timer);
    const isIdle = request.socket.bytesRead === seen && request.readableLength === 0;
    if (isIdle) request.destroy();
    seen = request.socket.bytesRead;
  }, idleMs);
  timer.unref();
  request.once("close", () => clearInterval(timer));
}
