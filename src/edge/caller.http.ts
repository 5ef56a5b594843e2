import type { IncomingMessage, ServerResponse } from "node:http";
import type { MiddlewareHandler } from "hono";
import { AppError } from "../errors.ts";
import { type Caller, runFor } from "../kit/caller.ts";
import { currentRecord } from "../kit/request-record.ts";

/**
 * Handles each request for its caller. If the caller hangs up, the request stops waiting and its statement is stopped.
 */
export function forCaller(): MiddlewareHandler {
  return (c, next) => {
    const { incoming, outgoing } = (c.env ?? {}) as { incoming?: IncomingMessage; outgoing?: ServerResponse };
    const gone = new AbortController();
    outgoing?.once("close", () => {
      caller.whenOver?.();
      if (!outgoing.writableFinished) gone.abort(new AppError("client_gone", "The client has hung up."));
    });
    // The first two parts of a path such as `/v1/trips/SOURCE/ID` tell the kind.
    const kind = `${c.req.method} ${c.req.path.split("/").slice(0, 3).join("/")}`;
    const client = currentRecord()?.client ?? incoming?.socket.remoteAddress ?? "";
    const caller: Caller = { signal: gone.signal, client, kind };
    return runFor(caller, next);
  };
}
