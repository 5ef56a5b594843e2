import type { BatchChange } from "../batches/receipt.ts";
import { BaseFeed } from "./base-feed.ts";
import { type BatchEvent, isFinal } from "./batch-changes.ts";

/** The changes of one batch up to its end. If changes were not taken in time, only the newest is kept. */
export class OneBatchFeed extends BaseFeed {
  /** The newest change that the feed knows. */
  newest: number;
  #pending: BatchChange | undefined;
  #isFinal = false;

  constructor(after: number, onClose: () => void) {
    super(onClose);
    this.newest = after;
  }

  offer(change: BatchChange): void {
    if (change.change_id <= this.newest) return;
    this.newest = change.change_id;
    this.#pending = change;
    this.#isFinal = isFinal(change.receipt);
    this.onEvents();
  }

  take(): readonly BatchEvent[] | undefined {
    const change = this.#pending;
    this.#pending = undefined;
    return change && [{ id: String(change.change_id), receipt: change.receipt, owner: change.owner }];
  }

  get isOver(): boolean {
    return this.#isFinal && this.#pending === undefined;
  }
}
