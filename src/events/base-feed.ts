import type { BatchEvent, Feed } from "./batch-changes.ts";

/** The common part of the feeds: closing. */
export abstract class BaseFeed<E = BatchEvent> implements Feed<E> {
  onEvents: () => void = () => {};
  readonly #closing = new AbortController();
  readonly #onClose: () => void;

  constructor(onClose: () => void) {
    this.#onClose = onClose;
  }

  abstract take(): readonly E[] | undefined;
  abstract get isOver(): boolean;

  get closed(): AbortSignal {
    return this.#closing.signal;
  }

  close(): void {
    if (this.closed.aborted) return;
    this.#closing.abort();
    this.#onClose();
  }
}
