import type { BatchChange } from "../batch.ts";
import { type BatchEvent, eventId } from "../batch-changes.ts";
import { WaitingFeed } from "./waiting-feed.ts";

/** A follower who is behind by more batches than these is given them from the database again, page by page. */
const MAX_PENDING = 1000;

/**
 * The changes of all batches. First those of before it came, in pages that it is given when it asks for them; what happens
 * meanwhile is kept, of each batch the newest. Who takes so slowly that this becomes too much goes back to pages.
 */
export class AllBatchesFeed extends WaitingFeed {
  /** By batch. */
  readonly #pending = new Map<string, BatchChange>();
  readonly #low: () => number;
  readonly #askForPage: () => void;
  #page: BatchChange[] = [];
  #pagesFrom: number | undefined;

  /**
   * @param after all changes up to this number are known; undefined: all that there are
   * @param low the number up to which everything that there is was offered
   */
  constructor(after: number | undefined, low: () => number, askForPage: () => void, onClose: () => void) {
    super(onClose);
    this.#pagesFrom = after;
    this.#low = low;
    this.#askForPage = askForPage;
  }

  offer(change: BatchChange): void {
    const { batch_id } = change.receipt;
    if ((this.#pending.get(batch_id)?.change_id ?? 0) >= change.change_id) return;
    this.#pending.set(batch_id, change);
    if (this.#pending.size > MAX_PENDING) this.#goBackToPages();
    this.wake();
  }

  /** Where the page begins that it waits for. */
  get wantsPageAfter(): number | undefined {
    return this.#page.length === 0 ? this.#pagesFrom : undefined;
  }

  /** Gives it the page, lowest number first. What was offered before is not newer than what stands in there. */
  givePage(changes: BatchChange[], isLast: boolean): void {
    this.#page = [...changes];
    this.#pagesFrom = isLast ? undefined : (changes.at(-1)?.change_id ?? this.#pagesFrom);
    this.wake();
  }

  protected take(): BatchEvent | undefined {
    for (let change = this.#page.shift(); change; change = this.#page.shift()) {
      const pending = this.#pending.get(change.receipt.batch_id);
      if (pending && pending.change_id > change.change_id) continue;
      this.#pending.delete(change.receipt.batch_id);
      return this.#event(change, change.change_id);
    }
    if (this.#pagesFrom !== undefined) {
      this.#askForPage();
      return undefined;
    }
    const lowest = this.#lowestPending();
    if (!lowest) return undefined;
    this.#pending.delete(lowest.receipt.batch_id);
    return this.#event(lowest, Number.POSITIVE_INFINITY);
  }

  protected isOver(): boolean {
    return false;
  }

  /** @param upTo what comes after is not in what was taken */
  #event({ change_id, receipt }: BatchChange, upTo: number): BatchEvent {
    const kept = (this.#lowestPending()?.change_id ?? Number.POSITIVE_INFINITY) - 1;
    return { id: eventId(Math.min(this.#low(), upTo, kept), change_id), receipt };
  }

  #lowestPending(): BatchChange | undefined {
    let lowest: BatchChange | undefined;
    for (const change of this.#pending.values()) if (!lowest || change.change_id < lowest.change_id) lowest = change;
    return lowest;
  }

  #goBackToPages(): void {
    const kept = (this.#lowestPending()?.change_id ?? 1) - 1;
    const unread = this.#page[0] ? this.#page[0].change_id - 1 : (this.#pagesFrom ?? kept);
    this.#pagesFrom = Math.min(kept, unread);
    this.#page = [];
    this.#pending.clear();
  }
}
