import type { Context } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { ERRORS, type ErrorCode } from "../errors.ts";
import { currentRecord } from "./request-record.ts";

/** An error reply in the form of RFC 9457, with our stable `code` and the id of the request. */
export function problem(c: Context, code: ErrorCode, detail: string, extra: Record<string, unknown> = {}): Response {
  const headers = { "content-type": "application/problem+json" };
  return c.body(problemText(code, detail, extra), ERRORS[code].status as ContentfulStatusCode, headers);
}

/** The body of such a reply. */
export function problemText(code: ErrorCode, detail: string, extra: Record<string, unknown> = {}): string {
  const { status, title } = ERRORS[code];
  const id = currentRecord()?.id;
  const known = { type: `urn:tripgrid:problem:${code}`, title, status, code, detail };
  return JSON.stringify({ ...known, ...(id === undefined ? {} : { request_id: id }), ...extra });
}
