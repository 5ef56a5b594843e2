import type { Endpoint } from "./endpoint.ts";

/** How many requests that bring trips may be under way at once, and how many more could be now. */
export type RateLimits = () => { requests: number; remaining: number };

/**
 * Tells whoever brings trips on every reply how much more is taken, so that it can slow down in time: `RateLimit` and
 * `RateLimit-Policy` of draft-ietf-httpapi-ratelimit-headers, with concurrent requests as the unit.
 */
export function withRateLimit({ route, handle }: Endpoint, limits: RateLimits): Endpoint {
  return {
    route,
    handle: async (c) => {
      // For what is thrown, whose reply is made elsewhere.
      for (const [name, value] of fieldsOf(limits)) c.header(name, value);
      const reply = await handle(c);
      for (const [name, value] of fieldsOf(limits)) reply.headers.set(name, value);
      return reply;
    },
  };
}

const fieldsOf = (limits: RateLimits): [string, string][] => {
  const { requests, remaining } = limits();
  return [
    ["RateLimit-Policy", `"ingest";q=${requests};qu="concurrent-requests"`],
    ["RateLimit", `"ingest";r=${remaining}`],
  ];
};
