/** How many requests a second are assumed to be served before any was. */
const FIRST_PER_S = 200;
/** The lowest rate that is assumed, so that a service that stood still gets its clients back. */
const LEAST_PER_S = 20;
/** The longest time that a client is sent away for. */
const MOST_S = 30;
const WINDOW_MS = 1000;
const WEIGHT_OF_LATEST = 0.3;

/** Tells refused clients when to come again. */
export interface RetryAfter {
  /** Counts a request that was served. */
  served(): void;
  /** The seconds after which the next refused client may come again, from 1. */
  seconds(): number;
}

/**
 * Gives each refused client a turn of its own, one after the other at the rate at which requests are served. If all of a
 * crowd were told to come in a second, it would be refused again each second, and refusing it would take the time in
 * which the others are served.
 */
export function createRetryAfter(now = () => performance.now()): RetryAfter {
  let perS = FIRST_PER_S;
  let [since, count] = [now(), 0];
  let lastTurn = 0;
  return {
    served: () => {
      count++;
      const ms = now() - since;
      if (ms < WINDOW_MS) return;
      perS = Math.max(LEAST_PER_S, perS + ((count * 1000) / ms - perS) * WEIGHT_OF_LATEST);
      [since, count] = [now(), 0];
    },
    seconds: () => {
      const at = now();
      lastTurn = Math.min(Math.max(lastTurn, at) + 1000 / perS, at + MOST_S * 1000);
      return Math.max(1, Math.ceil((lastTurn - at) / 1000));
    },
  };
}
