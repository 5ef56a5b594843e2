import type { Endpoint } from "./endpoint.http.ts";

/** How many requests that bring trips may be under way at once, and how many more are accepted now. */
export type RateLimits = () => { requests: number; remaining: number };

/**
 * Adds the fields `RateLimit` and `RateLimit-Policy` to every reply, so that a sender of trips can slow down in time.
 * They follow draft-ietf-httpapi-ratelimit-headers, with concurrent requests as the unit.
 */
export function withRateLimit({ handle, ...endpoint }: Endpoint, limits: RateLimits): Endpoint {
  return {
    ...endpoint,
    handle: async (c) => {
      // For thrown errors: their replies are made elsewhere.
      for (const [name, value] of fieldsOf(limits)) c.header(name, value);
      const reply = await handle(c);
      for (const [name, value] of fieldsOf(limits)) reply.headers.set(name, value);
      return reply;
    },
  };
}

export const fieldsOf = (limits: RateLimits): [string, string][] => {
  const { requests, remaining } = limits();
  return [
    ["RateLimit-Policy", `"ingest";q=${requests};qu="concurrent-requests"`],
    ["RateLimit", `"ingest";r=${remaining}`],
  ];
};
