import { AppError } from "../errors.ts";
import { networkOf } from "../kit/client-address.ts";
import { createBuckets } from "../kit/token-bucket.ts";

/**
 * Slows an address down that shows credentials which are not accepted, before anything is spent on the next one. Other
 * clients of the address are not slowed down if theirs were accepted before.
 */
export interface BadCredentials {
  /** @throws AppError too_many_requests if too many were not accepted */
  check(address: string): void;
  /** Counts one that was not accepted. */
  count(address: string): void;
}

/** Errors that a bad credential ends with; the last one is that of an address or a user with too many failed logins. */
const OF_BAD = ["unauthorized", "invalid_grant", "too_many_requests"];

/** A call that checks a credential by itself, slowed down in the same way. */
export function slowedDown<A extends unknown[], R>(
  bad: BadCredentials,
  addressOf: () => string,
  call: (...args: A) => Promise<R>,
): (...args: A) => Promise<R> {
  return async (...args) => {
    const address = addressOf();
    bad.check(address);
    try {
      return await call(...args);
    } catch (error) {
      if (error instanceof AppError && OF_BAD.includes(error.code)) bad.count(address);
      throw error;
    }
  };
}

/** @param perMinute how many an address may show a minute, and at once */
export function createBadCredentials(perMinute: number, now?: () => number): BadCredentials {
  const buckets = createBuckets(now);
  const filling = { perS: perMinute / 60, size: perMinute };
  return {
    check: (address) => {
      const waitS = buckets.waitS(networkOf(address), filling);
      if (waitS === 0) return;
      const detail = "Too many credentials from this address were not accepted.";
      throw new AppError("too_many_requests", detail, {}, { retryAfterSeconds: waitS });
    },
    count: (address) => buckets.take(networkOf(address), 1, filling),
  };
}
