import type { IncomingMessage } from "node:http";

const IDLE_MS = 120_000;

/**
 * Ends a request of whose body nothing has come for two minutes. A limit for the whole of it, as Node has one, would break
 * off every large file.
 */
export function endIfIdle(request: IncomingMessage, idleMs = IDLE_MS): void {
  if (request.method === "GET" || request.method === "HEAD") return;
  let seen = request.socket.bytesRead;
  const timer = setInterval(() => {
    if (request.complete) return clearInterval(timer);
    if (request.socket.bytesRead === seen) request.destroy();
    seen = request.socket.bytesRead;
  }, idleMs);
  timer.unref();
  request.once("close", () => clearInterval(timer));
}
