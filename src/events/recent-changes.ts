import type { BatchChange, Receipt } from "../batches/receipt.ts";
import type { Room } from "../kit/room.ts";
import { type BatchEvent, eventId } from "./batch-changes.ts";
import { HeldList } from "./held-list.ts";

/** Some changes that were found together, in the form in which all followers receive them. */
export interface Found {
  changes: readonly BatchChange[];
  events: readonly BatchEvent[];
  /** A receiver of these and all earlier changes knows all changes up to this number. */
  low: number;
  bytes: number;
}

/** The maximum size of a part to send, except for a single larger receipt. */
const BYTES_AT_ONCE = 64 * 1024;
/** The maximum size of the kept changes. A follower that is further behind gets pages. */
const MAX_BYTES = 4 * 1024 * 1024;

/**
 * The changes found last, held once for all followers. Each follower only knows its position. Changes are numbered in
 * the order in which they were found.
 */
export class RecentChanges {
  /** The number up to which nothing is missing. */
  low: number;
  readonly #found: HeldList<Found>;
  #isClosed = false;

  constructor(low: number, room: Room) {
    this.low = low;
    this.#found = new HeldList(room, MAX_BYTES);
  }

  /** The number of the next changes to be found. */
  get end(): number {
    return this.#found.end;
  }

  /** The changes with this number. Undefined: they are not found yet, or `isDropped`. */
  at(number: number): Found | undefined {
    return this.#found.at(number);
  }

  /** The batches of all changes with this number or a higher one. */
  batchesFrom(number: number): Set<string> {
    return new Set(this.#found.from(number).flatMap(({ changes }) => changes.map(({ receipt }) => receipt.batch_id)));
  }

  isDropped(number: number): boolean {
    return number < this.#found.dropped;
  }

  /**
   * Adds the changes that a look has found, lowest number first.
   *
   * @param low the number up to which no change is missing now
   */
  add(changes: readonly BatchChange[], low: number): void {
    // The last follower may leave during a look.
    if (this.#isClosed) return;
    this.low = low;
    for (const some of slicesOf(changes)) {
      const after = changes[changes.indexOf(some.at(-1) as BatchChange) + 1];
      this.#found.add(foundOf(some, Math.min(low, (after?.change_id ?? Number.POSITIVE_INFINITY) - 1)));
    }
  }

  close(): void {
    this.#isClosed = true;
    this.#found.clear();
  }
}

/** Splits changes into parts that can be sent at once. */
export function slicesOf(changes: readonly BatchChange[]): BatchChange[][] {
  const slices: BatchChange[][] = [];
  let left = 0;
  for (const change of changes) {
    const bytes = bytesOf(change.receipt);
    if (bytes > left || slices.length === 0) {
      slices.push([]);
      left = BYTES_AT_ONCE;
    }
    slices.at(-1)?.push(change);
    left -= bytes;
  }
  return slices;
}

/** @param low a receiver of these and all earlier changes knows all changes up to this number */
function foundOf(changes: readonly BatchChange[], low: number): Found {
  const events = changes.map(({ change_id, receipt, owner }, i) => {
    const next = changes[i + 1]?.change_id ?? Number.POSITIVE_INFINITY;
    return { id: eventId(Math.min(low, next - 1), change_id), receipt, owner };
  });
  return { changes, events, low, bytes: changes.reduce((sum, { receipt }) => sum + bytesOf(receipt), 0) };
}

/** The approximate size of a receipt in an event. */
const bytesOf = ({ rejects, error }: Receipt) => 700 + 300 * rejects.length + (error ? 300 : 0);
