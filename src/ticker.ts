/** Calls that follow each other closer than this would only take time from what they wait for. */
const MIN_MS = 20;

/** Calls a function every now and then, never twice at once, also when it fails. */
export class Ticker {
  readonly #call: () => Promise<void>;
  readonly #everyMs: number;
  readonly #onError: (error: unknown) => void;
  #hasFailed = false;
  #isRunning = false;
  #isNudged = false;
  #loop: Promise<void> | undefined;
  #wake: (() => void) | undefined;

  /** @param onError called with the first error of a row of failures */
  constructor(call: () => Promise<void>, everyMs: number, onError: (error: unknown) => void = () => {}) {
    this.#call = call;
    this.#everyMs = everyMs;
    this.#onError = onError;
  }

  /** Starts or stops it; a call under way ends by itself. */
  run(isRunning: boolean): void {
    this.#isRunning = isRunning;
    if (isRunning) this.#loop ??= this.#run();
    else this.#wake?.();
  }

  /** The next call comes at once, and begins after this. */
  nudge(): void {
    this.#isNudged = true;
    this.#wake?.();
  }

  /** Resolves once no call is under way any more. */
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
