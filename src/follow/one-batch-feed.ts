import type { BatchChange } from "../batch.ts";
import { type BatchEvent, isFinal } from "../batch-changes.ts";
import { WaitingFeed } from "./waiting-feed.ts";

/** The changes of one batch up to its end. Of changes that were not taken in time only the newest is kept. */
export class OneBatchFeed extends WaitingFeed {
  /** The newest change that it knows. */
  newest: number;
  #pending: BatchChange | undefined;
  #isOver = false;

  constructor(after: number, onClose: () => void) {
    super(onClose);
    this.newest = after;
  }

  offer(change: BatchChange): void {
    if (change.change_id <= this.newest) return;
    this.newest = change.change_id;
    this.#pending = change;
    this.#isOver = isFinal(change.receipt);
    this.wake();
  }

  protected take(): BatchEvent | undefined {
    const change = this.#pending;
    this.#pending = undefined;
    return change && { id: String(change.change_id), receipt: change.receipt };
  }

  protected isOver(): boolean {
    return this.#isOver;
  }
}
