import type { Receipt } from "../batches/receipt.ts";
import { Ticker } from "../kit/poller.ts";
import type { DueCallback, FailedAttempt, SendCallback } from "./callback.ts";

const MAX_AT_ONCE = 8;
/** How long attempts under way may still take when the service stops. */
const STOP_MS = 3000;

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
/** Time from each failed attempt to the next one. The attempt after the last of these times is the last. */
const RETRY_AFTER = [5 * SECOND, 30 * SECOND, 2 * MINUTE, 10 * MINUTE, HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, 24 * HOUR];

export interface DelivererDeps<P = Receipt> {
  /** Takes at most `limit` due callbacks. No other process gets them meanwhile. */
  takeDue: (limit: number) => Promise<DueCallback<P>[]>;
  send: SendCallback<P>;
  recordDelivery: (callback: DueCallback<P>) => Promise<void>;
  recordFailure: (callback: DueCallback<P>, failure: FailedAttempt, retryInMs: number | undefined) => Promise<void>;
  /** Called with every failed attempt. */
  onFailure?: (callback: DueCallback<P>, error: string, isGivenUp: boolean) => void;
  /** Called when the database fails. The attempt is made again once no process holds it any more. */
  onError?: (error: unknown) => void;
  /** Interval between two searches for due callbacks. */
  everyMs?: number;
  /** From 0 to 1. */
  random?: () => number;
}

export interface Deliverer {
  start(): void;
  /** Searches at once, when a batch with a callback is final. */
  trigger(): void;
  /** Takes no more callbacks, and gives the attempts under way a little time to end. */
  stop(): Promise<void>;
}

/**
 * Time until the next attempt after a failed one, a tenth sooner or later at most. Undefined after the last attempt.
 */
export function retryInMs(attempt: number, random: number): number | undefined {
  const after = RETRY_AFTER[attempt - 1];
  return after === undefined ? undefined : Math.round(after * (0.9 + 0.2 * random));
}

/**
 * Delivers the receipts of batches to their callbacks, several at once, and retries failed attempts. A receiver may get
 * a receipt twice: if the process ends between a delivery and its record, the next process delivers it again.
 */
export function createDeliverer<P = Receipt>(deps: DelivererDeps<P>): Deliverer {
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
          // All free places were filled, so more callbacks may be due.
          if (due.length === free) ticker.trigger();
        });
      underWay.add(attempt);
    }
  }

  async function deliver(callback: DueCallback<P>): Promise<void> {
    const result = await send(callback, stopping.signal);
    if (result === "delivered") return recordDelivery(callback);
    const retry = result.isLast ? undefined : retryInMs(callback.attempt, random());
    onFailure?.(callback, result.error, retry === undefined);
    await recordFailure(callback, result, retry);
  }

  return {
    start: () => ticker.run(true),
    trigger: () => ticker.trigger(),
    stop: async () => {
      await ticker.stop();
      const timer = setTimeout(() => stopping.abort(), STOP_MS);
      await Promise.all(underWay);
      clearTimeout(timer);
    },
  };
}
