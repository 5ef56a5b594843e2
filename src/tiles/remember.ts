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

/**
 * Answers that several tiles of a map share: the first one that needs an answer asks for it, the others wait for the
 * same. The one who asks may hang up; then the next one asks again.
 */
export class SharedAnswers<V> {
  readonly #asked: Remembered<Promise<V>>;

  constructor(most: number) {
    this.#asked = new Remembered(most);
  }

  async get(key: string, ask: () => Promise<V>): Promise<V> {
    const others = this.#asked.get(key);
    if (others) {
      const answer = await others.then(
        (value) => ({ value }),
        () => undefined,
      );
      if (answer) return answer.value;
    }
    const own = ask();
    this.#asked.set(key, own);
    try {
      return await own;
    } catch (error) {
      this.#asked.forget(key, own);
      throw error;
    }
  }
}
