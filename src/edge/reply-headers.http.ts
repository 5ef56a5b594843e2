import type { IncomingMessage, ServerResponse } from "node:http";

/**
 * Headers of every reply. A page of the service that runs scripts has a `content-security-policy` of its own, which
 * takes the place of this one.
 */
const FOR_BROWSERS = {
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "referrer-policy": "no-referrer",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
} as const;

const METHODS = "GET, HEAD, POST, PUT, DELETE";
const SENT = "Authorization, Content-Type, Content-Encoding, Idempotency-Key, Prefer, Last-Event-ID";
const SHOWN =
  "Location, Link, Preference-Applied, RateLimit, RateLimit-Policy, Retry-After, WWW-Authenticate, Tripgrid-Window, Tripgrid-Data-As-Of, Tripgrid-Truncated, Tripgrid-Retired-Before, Tripgrid-Withheld-Groups";
/** How long a browser remembers that it may ask. */
const MAX_AGE_S = 600;

/** Sets the headers that protect browsers, and those that let pages of the allowed origins read the reply (CORS). */
export function setReplyHeaders(
  request: IncomingMessage,
  response: ServerResponse,
  allowed: ReadonlySet<string>,
): void {
  for (const [name, value] of Object.entries(FOR_BROWSERS)) response.setHeader(name, value);
  if (allowed.size === 0) return;
  response.setHeader("vary", "Origin");
  const { origin } = request.headers;
  if (origin === undefined || !allowed.has(origin)) return;
  response.setHeader("access-control-allow-origin", origin);
  response.setHeader("access-control-expose-headers", SHOWN);
}

/** Whether a browser asks if a page may send a request. It sends no credential with that. */
export const isPreflight = ({ method, headers }: IncomingMessage): boolean =>
  method === "OPTIONS" && headers.origin !== undefined && headers["access-control-request-method"] !== undefined;

/** Answers a preflight request of an allowed origin. */
export function answerPreflight(response: ServerResponse): void {
  response.writeHead(204, {
    "access-control-allow-methods": METHODS,
    "access-control-allow-headers": SENT,
    "access-control-max-age": String(MAX_AGE_S),
  });
  response.end();
}
