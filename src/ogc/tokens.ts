import { Cql2Error } from "./cql2.ts";

const SPACE = /\s*/y;
const NAME = /[A-Za-z_:\u00C0-\uFFFD][\w:.\u00B7\u00C0-\uFFFD]*/y;
const QUOTED_NAME = /"((?:[^"]|"")+)"/y;
const TEXT = /'((?:[^']|'')*)'/y;
const NUMBER = /[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?/y;

/** Words that are no names of properties unless they are quoted. */
const RESERVED = new Set(["and", "or", "not", "is", "null", "like", "between", "in", "true", "false"]);

/** The tokens of a filter in CQL2 text. Each call takes the next one, after white space, or leaves it. */
export class Tokens {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** @throws Cql2Error that names the place of the next token */
  fail(detail: string): never {
    this.#match(SPACE);
    const rest = this.#text.slice(this.#at, this.#at + 20);
    const place = rest === "" ? "at the end" : `at character ${this.#at + 1}, before ${JSON.stringify(rest)}`;
    throw new Cql2Error(`${detail} ${place}`);
  }

  end(): void {
    this.#match(SPACE);
    if (this.#at < this.#text.length) this.fail("expected the end, AND or OR");
  }

  /** Takes a sign. A comparison is only taken whole: `<` is no part of `<=`. */
  take(sign: string): boolean {
    this.#match(SPACE);
    const next = this.#text.slice(this.#at).match(/^(<=|>=|<>|.)/s)?.[0];
    if (next !== sign) return false;
    this.#at += sign.length;
    return true;
  }

  expect(sign: string): void {
    if (!this.take(sign)) this.fail(`expected ${sign}`);
  }

  /** Takes a word, in upper or lower case. */
  takeWord(word: string): boolean {
    if (this.peekName() !== word) return false;
    this.skipName();
    return true;
  }

  expectWord(word: string): void {
    if (!this.takeWord(word)) this.fail(`expected ${word.toUpperCase()}`);
  }

  takeText(): string | undefined {
    this.#match(SPACE);
    return this.#match(TEXT)?.[1]?.replaceAll("''", "'");
  }

  takeNumber(): number | undefined {
    this.#match(SPACE);
    const number = this.#match(NUMBER)?.[0];
    return number === undefined ? undefined : Number(number);
  }

  number(): number {
    return this.takeNumber() ?? this.fail("expected a number");
  }

  /** The next token in lower case, if it is a name without quotes. It is not taken. */
  peekName(): string | undefined {
    this.#match(SPACE);
    const before = this.#at;
    const name = this.#match(NAME)?.[0];
    this.#at = before;
    return name?.toLowerCase();
  }

  /** The name of a function, in lower case, if the next tokens are a name and `(`. They are not taken. */
  functionName(): string | undefined {
    this.#match(SPACE);
    const before = this.#at;
    const name = this.#match(NAME)?.[0];
    const isFunction = name !== undefined && this.take("(");
    this.#at = before;
    return isFunction && !RESERVED.has(name.toLowerCase()) ? name.toLowerCase() : undefined;
  }

  skipName(): void {
    this.#match(SPACE);
    this.#match(NAME);
  }

  /** The name of a property. */
  name(): string {
    this.#match(SPACE);
    const quoted = this.#match(QUOTED_NAME)?.[1];
    if (quoted !== undefined) return quoted.replaceAll('""', '"');
    const word = this.peekName();
    if (word === undefined || RESERVED.has(word)) this.fail("expected a property or a value");
    return this.#match(NAME)?.[0] ?? "";
  }

  #match(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text);
    if (found) this.#at = pattern.lastIndex;
    return found;
  }
}
