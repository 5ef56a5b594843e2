import type { Context } from "hono";
import { HTTPException } from "hono/http-exception";
import { AppError } from "../errors.ts";
import { problem } from "./problem.ts";

/** Where faults of ours are written down; the caller sees none of it. */
export type LogError = (error: unknown, request: { method: string; path: string }) => void;

/** The only writer of errors: everything that a handler throws ends here. */
export function onError(logError: LogError) {
  return (error: unknown, c: Context): Response => {
    if (error instanceof AppError) {
      if (error.retryAfterSeconds !== undefined) c.header("Retry-After", String(error.retryAfterSeconds));
      if (error.code === "body_too_large" || leavesBody(c)) c.header("Connection", "close");
      if (error.cause !== undefined && error.code === "database_unavailable") logError(error.cause, c.req);
      return problem(c, error.code, error.message, error.extra);
    }
    if (error instanceof HTTPException && error.status < 500) return problem(c, "invalid_parameter", error.message);
    logError(error, c.req);
    return problem(c, "internal", "Something went wrong here, not with the request.");
  };
}

/** Whether some of the body has still to come: it is not read, so the connection cannot serve another request. */
function leavesBody(c: Context): boolean {
  const { incoming } = (c.env ?? {}) as { incoming?: { complete: boolean } };
  return incoming?.complete === false;
}
