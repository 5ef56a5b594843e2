import type { BatchEvent, Feed } from "../batch-changes.ts";

/** What the feeds share: a place where the one who takes events waits. */
export abstract class WaitingFeed implements Feed {
  readonly #closing = new AbortController();
  readonly #onClose: () => void;
  #wake: (() => void) | undefined;

  constructor(onClose: () => void) {
    this.#onClose = onClose;
  }

  get closed(): AbortSignal {
    return this.#closing.signal;
  }

  async next(waitMs: number): Promise<BatchEvent | "quiet" | undefined> {
    const until = performance.now() + waitMs;
    for (;;) {
      if (this.closed.aborted) return undefined;
      const event = this.take();
      if (event) return event;
      if (this.isOver()) this.close();
      else if (!(await this.#woken(until - performance.now()))) return "quiet";
    }
  }

  close(): void {
    if (this.closed.aborted) return;
    this.#closing.abort();
    this.#onClose();
    this.wake();
  }

  protected wake(): void {
    this.#wake?.();
  }

  /** The next event, if there is one now. */
  protected abstract take(): BatchEvent | undefined;
  /** Whether nothing comes any more once all is taken. */
  protected abstract isOver(): boolean;

  /** Whether something happened before the time was up. */
  #woken(ms: number): Promise<boolean> {
    if (ms <= 0) return Promise.resolve(false);
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms, false);
      this.#wake = () => {
        clearTimeout(timer);
        resolve(true);
      };
    });
  }
}
