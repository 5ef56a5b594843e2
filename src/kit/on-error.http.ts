import type { Context } from "hono";
import { HTTPException } from "hono/http-exception";
import { AppError } from "../errors.ts";
import { FaultsError, withShortWords } from "./faults.ts";
import type { Limits } from "./limits.ts";
import { problem } from "./problem.http.ts";

/** Logs a fault of the service. The caller sees none of it. */
export type LogError = (error: unknown, request: { method: string; path: string }) => void;

/** Turns everything that a handler throws into an error reply. Handlers write no error replies themselves. */
export function onError(logError: LogError, limits: Limits) {
  return (thrown: unknown, c: Context): Response => {
    const error = thrown instanceof FaultsError ? thrown.within(limits) : thrown;
    if (error instanceof AppError) {
      if (error.retryAfterSeconds !== undefined) c.header("Retry-After", String(error.retryAfterSeconds));
      if (error.code === "body_too_large" || leavesBody(c)) c.header("Connection", "close");
      if (error.cause !== undefined && error.code === "database_unavailable") logError(error.cause, c.req);
      return problem(c, error.code, withShortWords(error.message, limits.maxNameLength), error.extra);
    }
    if (error instanceof HTTPException && error.status < 500) return problem(c, "invalid_parameter", error.message);
    logError(error, c.req);
    return problem(c, "internal", "Something went wrong here, not with the request.");
  };
}

/** Whether part of the body is still to come. It is not read, so the connection cannot serve another request. */
function leavesBody(c: Context): boolean {
  const { incoming } = (c.env ?? {}) as { incoming?: { complete: boolean } };
  return incoming?.complete === false;
}
