import type { Context } from "hono";
import { ERRORS, type ErrorCode } from "../errors.ts";

/** A reply as RFC 9457 has it: `type`, `title`, `status`, `detail`, and our stable `code`. */
export function problem(c: Context, code: ErrorCode, detail: string, extra: Record<string, unknown> = {}): Response {
  const { status, title } = ERRORS[code];
  const body = { type: `urn:tripgrid:problem:${code}`, title, status, code, detail, ...extra };
  return c.body(JSON.stringify(body), status, { "content-type": "application/problem+json" });
}
