import { BoundedMap } from "./bounded-map.ts";

/** Clients that are remembered. Callers may invent any number of them. */
const MOST_CLIENTS = 50_000;

/**
 * Buckets of tokens, one for each client: a bucket fills at a rate up to its size, and whoever takes empties it. It may
 * be emptied below zero by what is known only afterwards; then its client waits until it is filled again.
 */
export interface Buckets {
  /** The tokens that a client has now. Below zero: it has taken more than it had. */
  level(client: string): number;
  take(client: string, tokens: number): void;
  /** Whole seconds until a client has a token again. 0: it has one now. */
  waitS(client: string): number;
}

/**
 * @param perS tokens a second
 * @param size the tokens of a full bucket, as each client has at first
 * @param now milliseconds of a clock that only goes forward
 */
export function createBuckets(perS: number, size: number, now: () => number = () => performance.now()): Buckets {
  const all = new BoundedMap<string, { tokens: number; at: number }>(MOST_CLIENTS);
  const level = (client: string) => {
    const bucket = all.get(client);
    return bucket ? Math.min(size, bucket.tokens + ((now() - bucket.at) / 1000) * perS) : size;
  };
  return {
    level,
    take: (client, tokens) => all.set(client, { tokens: level(client) - tokens, at: now() }),
    waitS: (client) => {
      const missing = 1 - level(client);
      return missing <= 0 ? 0 : Math.ceil(missing / perS);
    },
  };
}
