import type { Context } from "hono";
import { AppError } from "../errors.ts";
import { networkOf } from "./client-address.ts";
import type { ClientRates } from "./client-rates.ts";
import type { Endpoint } from "./endpoint.http.ts";
import type { OwnLimits } from "./principal.ts";
import { currentRecord } from "./request-record.ts";

/** How many requests that bring trips may be under way at once, and how many more are accepted now. */
export type RateLimits = () => { requests: number; remaining: number };

declare module "hono" {
  interface ContextVariableMap {
    /** Set by the app for every request. Undefined: nothing is limited, as in tests of one room. */
    rates: ClientRates | undefined;
  }
}

/**
 * Adds the fields `RateLimit` and `RateLimit-Policy` to every reply, so that a sender of trips can slow down in time.
 * They follow draft-ietf-httpapi-ratelimit-headers, with concurrent requests as the unit, before the rates of the
 * client.
 */
export function withRateLimit({ handle, ...endpoint }: Endpoint, limits: RateLimits): Endpoint {
  return {
    ...endpoint,
    handle: async (c) => {
      // For thrown errors: their replies are made elsewhere.
      for (const [name, value] of fieldsOf(limits, ofClient(c))) c.header(name, value);
      const reply = await handle(c);
      for (const [name, value] of fieldsOf(limits, ofClient(c))) reply.headers.set(name, value);
      return reply;
    },
  };
}

const ofClient = (c: Context) => c.get("rates")?.fields(currentRecord());

/**
 * Counts the request under way, unless it was counted when it came, and adds the fields of the client's rates to the
 * reply, whatever becomes of it.
 *
 * @param credential the id of the holder of an accepted credential. Undefined: the address counts
 * @param own the limits of the credential's own
 * @throws AppError too_many_requests
 */
export function countRequest(c: Context, credential?: string, own?: OwnLimits): void {
  const [rates, record] = [c.get("rates"), currentRecord()];
  if (!rates || !record || isProbe(c.req.path)) return;
  const refusal = rates.enter(record, credential ?? addressKey(record.client), own);
  const fields = ofClient(c);
  if (!fields) return;
  c.header("RateLimit-Policy", fields.policy);
  c.header("RateLimit", fields.state);
  if (!refusal) return;
  const { detail, retryAfterSeconds } = refusal;
  throw new AppError("too_many_requests", detail, {}, { retryAfterSeconds });
}

/** Whether a request asks how the process is. It is never refused for what its client takes. */
export const isProbe = (url = ""): boolean => /^\/(livez|readyz)(\?|$)/.test(url);

/** As whom a client without a credential is counted. */
export const addressKey = (address: string): string => `address:${networkOf(address)}`;

/** @param client the items of the client's own rates */
export const fieldsOf = (limits: RateLimits, client: ReturnType<ClientRates["fields"]>): [string, string][] => {
  const { requests, remaining } = limits();
  const joined = (...items: (string | undefined)[]) => items.filter((item) => item !== undefined).join(", ");
  return [
    ["RateLimit-Policy", joined(`"ingest";q=${requests};qu="concurrent-requests"`, client?.policy)],
    ["RateLimit", joined(`"ingest";r=${remaining}`, client?.state)],
  ];
};
