import type { BatchChange } from "../batches/receipt.ts";
import { BaseFeed } from "./base-feed.ts";
import { type BatchEvent, eventId } from "./batch-changes.ts";
import { type RecentChanges, slicesOf } from "./recent-changes.ts";

/**
 * The changes of all batches. The feed first requests pages of the changes before its start, then takes the recent
 * changes. A slow follower returns to pages if recent changes were dropped before it took them.
 */
export class AllBatchesFeed extends BaseFeed {
  readonly #recent: RecentChanges;
  readonly #askForPage: () => void;
  /** The number of the next recent change to take. */
  #next: number;
  /** A follower with the pages and all recent changes before `#next` knows all changes up to this one. */
  #low: number;
  #pagesFrom: number | undefined;
  #isAsking = false;
  #page: BatchChange[][] = [];
  /**
   * For batches that were found recently and then appeared on a page: their change there. Changes found before are
   * older.
   */
  readonly #paged = new Map<string, number>();

  /** @param after all changes up to this number are known. Undefined: all existing changes are known */
  constructor(after: number | undefined, recent: RecentChanges, askForPage: () => void, onClose: () => void) {
    super(onClose);
    this.#recent = recent;
    this.#next = recent.end;
    this.#low = recent.low;
    this.#pagesFrom = after;
    this.#askForPage = askForPage;
  }

  get isOver(): boolean {
    return false;
  }

  /** The start of the page that the feed waits for. */
  get wantsPageAfter(): number | undefined {
    return this.#isAsking ? this.#pagesFrom : undefined;
  }

  /** Delivers the page, lowest number first. */
  givePage(changes: readonly BatchChange[], isLast: boolean): void {
    this.#isAsking = false;
    this.#page = slicesOf(changes);
    this.#pagesFrom = isLast ? undefined : (changes.at(-1)?.change_id ?? this.#pagesFrom);
    const found = this.#recent.batchesFrom(this.#next);
    for (const { change_id, receipt } of changes) {
      if (found.has(receipt.batch_id)) this.#paged.set(receipt.batch_id, change_id);
    }
    this.onEvents();
  }

  take(): readonly BatchEvent[] | undefined {
    if (this.#recent.isDropped(this.#next)) this.#goBackToPages();
    const page = this.#page.shift();
    if (page) {
      return page.map(({ change_id, receipt, owner }) => ({
        id: eventId(Math.min(this.#low, change_id), change_id),
        ...{ receipt, owner },
      }));
    }
    if (this.#pagesFrom !== undefined) {
      if (!this.#isAsking) this.#askForPage();
      this.#isAsking = true;
      return undefined;
    }
    return this.#takeRecent();
  }

  #takeRecent(): readonly BatchEvent[] | undefined {
    for (let found = this.#recent.at(this.#next); found; found = this.#recent.at(this.#next)) {
      this.#next++;
      this.#low = found.low;
      if (this.#paged.size === 0) return found.events;
      const { changes, events } = found;
      const isNew = (_: unknown, i: number) => (changes[i]?.change_id ?? 0) > this.#pagedOf(changes[i]);
      const left = events.filter(isNew);
      if (left.length > 0) return left;
    }
    // All changes found from now on are newer than every page.
    this.#paged.clear();
    return undefined;
  }

  #pagedOf(change: BatchChange | undefined): number {
    return this.#paged.get(change?.receipt.batch_id ?? "") ?? 0;
  }

  #goBackToPages(): void {
    const unread = this.#page[0]?.[0] ? this.#page[0][0].change_id - 1 : Number.POSITIVE_INFINITY;
    this.#pagesFrom = Math.min(this.#low, unread, this.#pagesFrom ?? Number.POSITIVE_INFINITY);
    this.#isAsking = false;
    this.#page = [];
    this.#paged.clear();
    this.#next = this.#recent.end;
    this.#low = this.#recent.low;
  }
}
