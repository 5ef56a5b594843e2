/** Shortest pause between two calls. Closer calls would only take time from the work that they wait for. */
const MIN_MS = 20;

/** Calls a function at intervals, never twice at once. A failed call does not stop it. */
export class Ticker {
  readonly #call: () => Promise<void>;
  readonly #everyMs: number;
  readonly #onError: (error: unknown) => void;
  #hasFailed = false;
  #isRunning = false;
  #isNudged = false;
  #loop: Promise<void> | undefined;
  #wake: (() => void) | undefined;

  /** @param onError called with the first error of a series of failures */
  constructor(call: () => Promise<void>, everyMs: number, onError: (error: unknown) => void = () => {}) {
    this.#call = call;
    this.#everyMs = everyMs;
    this.#onError = onError;
  }

  /** Starts or stops the calls. A call under way is not interrupted. */
  run(isRunning: boolean): void {
    this.#isRunning = isRunning;
    if (isRunning) this.#loop ??= this.#run();
    else this.#wake?.();
  }

  /** Makes a call at once, or a new one after the call under way. */
  trigger(): void {
    this.#isNudged = true;
    this.#wake?.();
  }

  /** Stops the calls. Resolves once none is under way. */
  async stop(): Promise<void> {
    this.run(false);
    await this.#loop;
  }

  async #run(): Promise<void> {
    while (this.#isRunning) {
      this.#isNudged = false;
      await this.#callOnce();
      await sleep(MIN_MS);
      if (this.#isRunning && !this.#isNudged) await this.#untilNudged();
    }
    this.#loop = undefined;
  }

  async #callOnce(): Promise<void> {
    try {
      await this.#call();
      this.#hasFailed = false;
    } catch (error) {
      if (!this.#hasFailed) this.#onError(error);
      this.#hasFailed = true;
    }
  }

  #untilNudged(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, this.#everyMs);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
