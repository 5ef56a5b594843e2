import type { DueCallback, FailedAttempt, SendCallback } from "../callback.ts";
import { Ticker } from "../ticker.ts";

const MAX_AT_ONCE = 8;
/** How long attempts under way may still take when the service stops. */
const STOP_MS = 3000;

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
/** How long after which attempt the next one comes; the one after the last of these is the last. */
const RETRY_AFTER = [5 * SECOND, 30 * SECOND, 2 * MINUTE, 10 * MINUTE, HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, 24 * HOUR];

export interface DelivererDeps {
  /** Callbacks that are due, at most so many; nobody else gets them meanwhile. */
  takeDue: (limit: number) => Promise<DueCallback[]>;
  send: SendCallback;
  recordDelivery: (callback: DueCallback) => Promise<void>;
  recordFailure: (callback: DueCallback, failure: FailedAttempt, retryInMs: number | undefined) => Promise<void>;
  /** Called with every failed attempt. */
  onFailure?: (callback: DueCallback, error: string, isGivenUp: boolean) => void;
  /** Called when the database fails; the attempt is made again once nobody has it any more. */
  onError?: (error: unknown) => void;
  /** How often is looked for what is due. */
  everyMs?: number;
  /** From 0 to 1. */
  random?: () => number;
}

export interface Deliverer {
  start(): void;
  /** Looks at once: a batch with a callback is final. */
  nudge(): void;
  /** Takes no more, and gives those under way a little time to end. */
  stop(): Promise<void>;
}

/** When the next attempt comes after one that failed, a tenth sooner or later; undefined after the last. */
export function retryInMs(attempt: number, random: number): number | undefined {
  const after = RETRY_AFTER[attempt - 1];
  return after === undefined ? undefined : Math.round(after * (0.9 + 0.2 * random));
}

/**
 * Delivers the receipts of batches to their callbacks, several at once, and again if it fails. A receiver may get one twice:
 * if the process ends between a delivery and its record, the next one delivers it again.
 */
export function createDeliverer(deps: DelivererDeps): Deliverer {
  const { takeDue, send, recordDelivery, recordFailure, onFailure, onError, everyMs = 2000 } = deps;
  const { random = Math.random } = deps;
  const underWay = new Set<Promise<void>>();
  const stopping = new AbortController();
  const ticker = new Ticker(look, everyMs, onError);

  async function look(): Promise<void> {
    const free = MAX_AT_ONCE - underWay.size;
    if (free === 0) return;
    const due = await takeDue(free);
    for (const callback of due) {
      const attempt: Promise<void> = deliver(callback)
        .catch((error: unknown) => onError?.(error))
        .finally(() => {
          underWay.delete(attempt);
          // There was no room for more, so there may be more.
          if (due.length === free) ticker.nudge();
        });
      underWay.add(attempt);
    }
  }

  async function deliver(callback: DueCallback): Promise<void> {
    const result = await send(callback, stopping.signal);
    if (result === "delivered") return recordDelivery(callback);
    const retry = result.isLast ? undefined : retryInMs(callback.attempt, random());
    onFailure?.(callback, result.error, retry === undefined);
    await recordFailure(callback, result, retry);
  }

  return {
    start: () => ticker.run(true),
    nudge: () => ticker.nudge(),
    stop: async () => {
      await ticker.stop();
      const timer = setTimeout(() => stopping.abort(), STOP_MS);
      await Promise.all(underWay);
      clearTimeout(timer);
    },
  };
}
