import type { LimitFunction } from "p-limit";
import type { Batch, LoadTrips, StoreBatches } from "../batches/batch.ts";
import type { Receipt } from "../batches/receipt.ts";
import { AppError } from "../errors.ts";

/** A batch of this many rows gains nothing from a shared commit, and would make the small ones wait. */
const LARGE_ROWS = 1000;

export interface GatherOptions {
  storeBatches: StoreBatches;
  /** The longest time that a batch waits for others, in milliseconds, while nothing else is being stored. */
  waitMs: number;
  /** The most rows that are stored together. */
  maxRows: number;
  /** Shared with the other writers of many rows. */
  bulk: LimitFunction;
  /** A batch gets an error after this time. A batch that was still waiting is not stored any more. */
  deadlineMs: number;
}

interface Waiting {
  /** Undefined once the entry is over. Its room was given back then, while the entry may still wait for its turn. */
  batch: Batch | undefined;
  rows: number;
  isStoring: boolean;
  isOver: boolean;
  resolve: (receipt: Receipt) => void;
  reject: (error: unknown) => void;
}

/**
 * Lets small batches that arrive together share a commit. They wait a moment for each other, and batches that arrive
 * during a store form the next group. Each gets its own receipt or its own error.
 */
export function createGroupCommit({ storeBatches, waitMs, maxRows, bulk, deadlineMs }: GatherOptions): LoadTrips {
  let waiting: Waiting[] = [];
  let rows = 0;
  let timer: NodeJS.Timeout | undefined;
  let storing = false;

  const storeGroup = async (all: Waiting[]) => {
    const group = all.filter(({ isOver }) => !isOver);
    if (group.length === 0) return;
    for (const entry of group) entry.isStoring = true;
    try {
      const outcomes = await storeBatches(group.flatMap(({ batch }) => batch ?? []));
      for (const [i, { resolve, reject }] of group.entries()) {
        const outcome = outcomes[i];
        if (outcome && "receipt" in outcome) resolve(outcome.receipt);
        else reject(outcome?.error);
      }
    } catch (error) {
      for (const { reject } of group) reject(error);
    }
  };

  /** Takes the earliest batches, as many as may share a transaction. */
  const takeGroup = (): Waiting[] => {
    let taken = 0;
    let count = 0;
    for (const entry of waiting) {
      if (count > 0 && taken + entry.rows > maxRows) break;
      taken += entry.rows;
      count++;
    }
    const group = waiting.slice(0, count);
    waiting = waiting.slice(count);
    rows -= taken;
    return group;
  };

  const storeWaiting = async () => {
    timer = undefined;
    if (storing) return;
    storing = true;
    while (waiting.length > 0) await storeGroup(takeGroup());
    storing = false;
  };

  const leave = (entry: Waiting) => {
    entry.batch = undefined;
    if (!waiting.includes(entry)) return;
    waiting = waiting.filter((one) => one !== entry);
    rows -= entry.rows;
  };

  const load = (entry: Waiting): Promise<Receipt> =>
    new Promise((resolve, reject) => {
      const late = setTimeout(() => {
        entry.isOver = true;
        leave(entry);
        reject(entry.isStoring ? unknownOutcome(deadlineMs) : notStored(deadlineMs));
      }, deadlineMs);
      const over =
        <T>(settle: (value: T) => void) =>
        (value: T) => {
          clearTimeout(late);
          entry.isOver = true;
          settle(value);
        };
      entry.resolve = over(resolve);
      entry.reject = over(reject);
      if (entry.rows >= LARGE_ROWS) {
        void bulk(storeGroup, [entry]);
        return;
      }
      waiting.push(entry);
      rows += entry.rows;
      if (rows >= maxRows) void bulk(storeGroup, takeGroup());
      else if (!storing && timer === undefined) timer = setTimeout(storeWaiting, waitMs);
    });

  // Only the entry may refer to the batch. Otherwise the batch could not be freed.
  return (batch) => load(entryOf(batch));
}

/** A batch without rows still costs one row: its receipt. */
const entryOf = (batch: Batch): Waiting => ({
  batch,
  rows: Math.max(1, batch.received),
  isStoring: false,
  isOver: false,
  resolve: () => {},
  reject: () => {},
});

const away = (detail: string) => new AppError("database_unavailable", detail, {}, { retryAfterSeconds: 2 });
const notStored = (ms: number) =>
  away(`The database did not take the batch within ${ms / 1000} s; nothing of it was stored. Send it again.`);
const unknownOutcome = (ms: number) =>
  away(
    `The database did not answer within ${ms / 1000} s. Whether the batch was stored is not known: send it again with the same Idempotency-Key.`,
  );
