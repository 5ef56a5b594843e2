import { AppError } from "../errors.ts";
import { currentCaller } from "../kit/caller.ts";

/** Keeps the values that were used last. */
export class Remembered<V> {
  readonly #values = new Map<string, V>();
  readonly #most: number;

  constructor(most: number) {
    this.#most = most;
  }

  get(key: string): V | undefined {
    const value = this.#values.get(key);
    if (value !== undefined) this.set(key, value);
    return value;
  }

  set(key: string, value: V): void {
    this.#values.delete(key);
    this.#values.set(key, value);
    const [oldest] = this.#values.keys();
    if (oldest !== undefined && this.#values.size > this.#most) this.#values.delete(oldest);
  }

  /** Forgets a value, if it is still the one of the key. */
  forget(key: string, value: V): void {
    if (this.#values.get(key) === value) this.#values.delete(key);
  }
}

interface Asked<V> {
  answer: Promise<V>;
  /** Aborted when the one who asks hangs up. Undefined: it is no client. */
  signal: AbortSignal | undefined;
}

/**
 * Answers that several tiles of a map share: the first one that needs an answer asks for it, the others wait for the
 * same. The one who asks may hang up; then one of those who wait asks again, and the others wait for that.
 */
export class SharedAnswers<V> {
  readonly #asked: Remembered<Asked<V>>;

  constructor(most: number) {
    this.#asked = new Remembered(most);
  }

  async get(key: string, ask: () => Promise<V>): Promise<V> {
    for (let others = this.#asked.get(key); others; others = this.#asked.get(key)) {
      try {
        return await others.answer;
      } catch (error) {
        this.#asked.forget(key, others);
        if (!isOfOneClient(error, others.signal)) throw error;
      }
    }
    const own = { answer: ask(), signal: currentCaller()?.signal };
    this.#asked.set(key, own);
    try {
      return await own.answer;
    } catch (error) {
      this.#asked.forget(key, own);
      throw error;
    }
  }
}

/** Whether a question failed for a reason that does not concern others who ask it. */
const isOfOneClient = (error: unknown, signal: AbortSignal | undefined) =>
  signal?.aborted === true || (error instanceof AppError && error.code === "too_many_requests");

/**
 * Remembers an answer until the clock has gone on by a whole `ms`, so it is never older than that.
 *
 * @param now the clock, in milliseconds
 */
export function askedAtMostEach<V>(ms: number, ask: () => Promise<V>, now = () => performance.now()): () => Promise<V> {
  const answers = new SharedAnswers<V>(1);
  return () => answers.get(String(Math.floor(now() / ms)), ask);
}
