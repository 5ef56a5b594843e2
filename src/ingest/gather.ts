import type { LimitFunction } from "p-limit";
import type { Batch, LoadTrips, Receipt, StoreBatches } from "../batch.ts";

/** A batch of so many rows gains nothing from sharing a commit, and would make the small ones wait. */
const LARGE_ROWS = 1000;

export interface GatherOptions {
  storeBatches: StoreBatches;
  /** How long a batch waits at most for others to come, in milliseconds, while nothing else is being stored. */
  waitMs: number;
  /** So many rows are stored together at most. */
  maxRows: number;
  /** Shared with whoever else writes many rows at a time. */
  bulk: LimitFunction;
}

interface Waiting {
  batch: Batch;
  resolve: (receipt: Receipt) => void;
  reject: (error: unknown) => void;
}

/**
 * Lets small batches that arrive together share a commit: they wait a moment for each other, and those that come while
 * others are being stored are the next group. Each gets its own receipt, or its own error.
 */
export function createGatherer({ storeBatches, waitMs, maxRows, bulk }: GatherOptions): LoadTrips {
  let waiting: Waiting[] = [];
  let rows = 0;
  let timer: NodeJS.Timeout | undefined;
  let storing = false;

  const storeGroup = async (group: Waiting[]) => {
    try {
      const outcomes = await storeBatches(group.map(({ batch }) => batch));
      for (const [i, { resolve, reject }] of group.entries()) {
        const outcome = outcomes[i];
        if (outcome && "receipt" in outcome) resolve(outcome.receipt);
        else reject(outcome?.error);
      }
    } catch (error) {
      for (const { reject } of group) reject(error);
    }
  };

  /** The batches that came first, as many as may share a transaction. */
  const takeGroup = (): Waiting[] => {
    let taken = 0;
    let count = 0;
    while (count < waiting.length && (count === 0 || taken + rowsOf(waiting[count]) <= maxRows)) {
      taken += rowsOf(waiting[count++]);
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

  return (batch) =>
    new Promise((resolve, reject) => {
      const entry = { batch, resolve, reject };
      if (rowsOf(entry) >= LARGE_ROWS) {
        void bulk(storeGroup, [entry]);
        return;
      }
      waiting.push(entry);
      rows += rowsOf(entry);
      if (rows >= maxRows) void bulk(storeGroup, takeGroup());
      else if (!storing && timer === undefined) timer = setTimeout(storeWaiting, waitMs);
    });
}

/** A batch without rows costs a row all the same: its receipt. */
const rowsOf = (entry: Waiting | undefined) => Math.max(1, entry?.batch.received ?? 0);
