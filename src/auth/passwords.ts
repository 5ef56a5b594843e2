import * as library from "@node-rs/argon2";
import pLimit from "p-limit";
import { AppError } from "../errors.ts";

/** argon2id is the library's default. These parameters are those that OWASP recommends; a check takes about 30 ms. */
const PARAMETERS = { memoryCost: 19 * 1024, timeCost: 2, parallelism: 1 };
/** Each check takes 19 MB and a thread. More than this wait at most, so that logins cannot take the service's memory. */
const AT_ONCE = 2;
const MAX_WAITING = 50;

export const PASSWORD_LENGTH = { min: 8, max: 1000 };
/** How many former passwords are not taken again. */
export const REMEMBERED = 5;

/** The hashing of passwords, some at a time. */
export interface Passwords {
  hash(password: string): Promise<string>;
  /**
   * Whether a password has this hash.
   *
   * @param stored undefined: there is no such user; the answer is false and takes as long
   * @throws AppError too_many_requests
   */
  isRight(password: string, stored: string | undefined): Promise<boolean>;
}

/** @param argon2 what hashes */
export function createPasswords(argon2: Pick<typeof library, "hash" | "verify"> = library): Passwords {
  const limit = pLimit(AT_ONCE);
  /** The hash of no password that anybody has. */
  let nobodys: Promise<string> | undefined;
  const queued = <T>(work: () => Promise<T>): Promise<T> => {
    if (limit.pendingCount >= MAX_WAITING) {
      const detail = "Too many logins are checked at this moment.";
      throw new AppError("too_many_requests", detail, {}, { retryAfterSeconds: 2 });
    }
    return limit(work);
  };
  const hashed = (password: string) => queued(() => argon2.hash(password.normalize("NFKC"), PARAMETERS));
  return {
    hash: hashed,
    isRight: async (password, stored) => {
      nobodys ??= hashed(crypto.randomUUID());
      const against = stored ?? (await nobodys);
      const isRight = await queued(() => argon2.verify(against, password.normalize("NFKC")));
      return isRight && stored !== undefined;
    },
  };
}
