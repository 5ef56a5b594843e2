import type { IncomingMessage } from "node:http";
import type { ErrorCode } from "../errors.ts";
import { isLoopback } from "../kit/loopback.ts";
import { isProbe, type RateLimits } from "../kit/rate-limit.http.ts";
import { createAdaptiveLimit } from "./adaptive-limit.http.ts";
import { createRetryAfter } from "./retry-after.ts";

export interface GateOptions {
  /** The address that the service listens on. */
  host: string;
  /**
   * Host names that requests may use besides those of loopback. Undefined: no others on loopback, any name elsewhere.
   */
  allowedHosts: readonly string[] | undefined;
  /** Origins of web pages that may send requests, besides the service's own. */
  allowedOrigins: readonly string[] | undefined;
  rateLimits: RateLimits;
}

/**
 * The reason why a request is refused. It is no Error: thousands come at once, and the stack of each would cost more
 * than the reply.
 */
export interface Refusal {
  code: ErrorCode;
  detail: string;
  retryAfterSeconds?: number;
}

/** Decides about a request from its head alone, before the framework or anything else spends work on it. */
export interface Gate {
  /** The reason why a request is not let in. Undefined: it is let in. */
  refusal(request: IncomingMessage): Refusal | undefined;
  /** Counts a request that was let in. The caller calls the result once the request is over. */
  enter(request: IncomingMessage): () => void;
}

/** A body of this size comes in one piece, so it never waits for its sender. */
const SMALL_BYTES = 16 * 1024;

/** Addresses that take trips or detections in a body. The number of these requests is limited, since each of them holds memory. */
const BRINGS_TRIPS = /^\/(v1\/(trips|detections|batches\/[^/?]+\/rejects)|xride_data)(\?|$)/;

export function createGate({ host, allowedHosts, allowedOrigins = [], rateLimits }: GateOptions): Gate {
  const checksHosts = isLoopback(host) || allowedHosts !== undefined;
  const names = new Set(["localhost", "127.0.0.1", "[::1]", ...(allowedHosts ?? [])]);
  const origins = new Set(allowedOrigins);
  const pace = createAdaptiveLimit(rateLimits().requests);
  const again = createRetryAfter();
  let bringing = 0;

  return {
    refusal: (request) => {
      const { headers, url = "" } = request;
      const { origin } = headers;
      const name = hostName(headers.host);
      // Only a client of HTTP/1.0 may leave the host out, and no browser is one.
      if (name === undefined && (headers.host !== undefined || request.httpVersionMinor > 0)) {
        return { code: "invalid_request", detail: "The header Host is missing or is no host." };
      }
      // Otherwise a page under a name that was made to lead here would pass for one of the service's own. Probes use any
      // address of the machine, and learn nothing.
      if (checksHosts && name !== undefined && !names.has(name) && !isProbe(url)) {
        return { code: "forbidden_host", detail: "The service has another name; see TRIPGRID_ALLOWED_HOSTS." };
      }
      if (origin !== undefined && !origins.has(origin) && !isOwn(origin, headers.host)) {
        return {
          code: "forbidden_origin",
          detail: "Pages of other origins may not ask; see TRIPGRID_ALLOWED_ORIGINS.",
        };
      }
      if (bringing < pace.limit() || !bringsTrips(request)) return undefined;
      const detail = `${bringing} requests are under way already; nothing was read of this one.`;
      return { code: "too_many_requests", detail, retryAfterSeconds: again.seconds() };
    },
    enter: (request) => {
      if (!bringsTrips(request)) return () => {};
      bringing++;
      const isSmall = Number(request.headers["content-length"] ?? Number.NaN) <= SMALL_BYTES;
      const since = performance.now();
      return () => {
        bringing--;
        again.served();
        pace.took(performance.now() - since, isSmall);
      };
    },
  };
}

export const bringsTrips = ({ method, url = "" }: IncomingMessage) => method === "POST" && BRINGS_TRIPS.test(url);

/** The name in a header `Host`, in lower case and without its port. */
function hostName(host: string | undefined): string | undefined {
  return /^(\[[0-9a-f:.]+\]|[^:/?#@\\[\]\s]+)(:\d{1,5})?$/i.exec(host ?? "")?.[1]?.toLowerCase();
}

/** Whether a page comes from the host that it asks. A proxy may have removed TLS, so the schemes may differ. */
function isOwn(origin: string, host = ""): boolean {
  const page = /^(https?):\/\/([^/]+)$/i.exec(origin);
  const withPort = (text: string, port: number) => (/:\d+$/.test(text) ? text : `${text}:${port}`).toLowerCase();
  const port = page?.[1]?.toLowerCase() === "https" ? 443 : 80;
  return page?.[2] !== undefined && withPort(page[2], port) === withPort(host, port);
}
