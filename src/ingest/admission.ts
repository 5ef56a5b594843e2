import { AppError } from "../errors.ts";
import { createBudget } from "./budget.ts";

/** How long a request waits for room at most before it is sent away. */
const PATIENCE_MS = 10_000;

/**
 * Keeps memory bounded whatever arrives: so many requests at a time, and of their bodies so many bytes. A request over
 * the first limit is sent away at once; one for whose body there is no room waits, unread.
 */
export interface Admission {
  /** @throws AppError too_many_requests */
  enter(): Admitted;
  /** What a client may know to slow down in time: how many more requests are taken, none while bodies wait for room. */
  limits(): { requests: number; remaining: number };
}

export interface Admitted {
  /**
   * Waits until there is room for so many bytes; more than there is at all counts as all of it.
   *
   * @throws AppError too_many_requests if that takes too long
   */
  hold(bytes: number): Promise<void>;
  leave(): void;
}

export function createAdmission(maxRequests: number, maxBytes: number, patienceMs = PATIENCE_MS): Admission {
  let requests = 0;
  const budget = createBudget(maxBytes);
  return {
    limits: () => ({ requests: maxRequests, remaining: budget.isFull() ? 0 : Math.max(0, maxRequests - requests) }),
    enter: () => {
      if (requests >= maxRequests) {
        throw tooMany(`${maxRequests} requests are under way already; nothing was read of this one.`);
      }
      requests++;
      const held: (() => void)[] = [];
      let inside = true;
      return {
        hold: async (bytes) => {
          const giveBack = await budget.take(bytes, patienceMs);
          if (!giveBack) {
            throw tooMany(
              "The bodies of other requests fill the memory set apart for them; nothing was read of this one.",
            );
          }
          held.push(giveBack);
        },
        leave: () => {
          if (!inside) return;
          inside = false;
          requests--;
          for (const giveBack of held) giveBack();
        },
      };
    },
  };
}

const tooMany = (detail: string) => new AppError("too_many_requests", detail, {}, { retryAfterSeconds: 1 });
