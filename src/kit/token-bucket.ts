import { BoundedMap } from "./bounded-map.ts";

/** Clients that are remembered. Callers may invent any number of them. */
const MOST_CLIENTS = 50_000;

/** How fast a bucket fills, in tokens a second, and the tokens of a full one, as each client has at first. */
export interface Filling {
  perS: number;
  size: number;
}

/**
 * Buckets of tokens, one for each client: a bucket fills at a rate up to its size, and a request empties it. It may
 * be emptied below zero by what is known only afterwards; then its client waits until it is filled again.
 */
export interface Buckets {
  /** The tokens that a client has now. Below zero: it has taken more than it had. */
  level(client: string, filling: Filling): number;
  take(client: string, tokens: number, filling: Filling): void;
  /** Whole seconds until a client has a token again. 0: it has one now. */
  waitS(client: string, filling: Filling): number;
}

/** @param now milliseconds of a clock that only goes forward */
export function createBuckets(now: () => number = () => performance.now()): Buckets {
  const all = new BoundedMap<string, { tokens: number; at: number }>(MOST_CLIENTS);
  const level = (client: string, { perS, size }: Filling) => {
    const bucket = all.get(client);
    return bucket ? Math.min(size, bucket.tokens + ((now() - bucket.at) / 1000) * perS) : size;
  };
  return {
    level,
    take: (client, tokens, filling) => all.set(client, { tokens: level(client, filling) - tokens, at: now() }),
    waitS: (client, filling) => {
      const missing = 1 - level(client, filling);
      return missing <= 0 ? 0 : Math.ceil(missing / filling.perS);
    },
  };
}
