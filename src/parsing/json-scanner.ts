import { type Fault, tooWide } from "./row-faults.ts";
import type { RowLimits } from "./row-limits.ts";

/**
 * The most commas and colons in a row that is longer than a piece. Shorter rows cannot hold more, since each takes at
 * least two bytes. Parsing this many takes about 20 ms.
 */
const MAX_MARKS = 40_000;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

export const isBlank = (byte: number | undefined) => byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;

/**
 * Finds the end of a JSON value in bytes that may arrive in several parts, and counts its content. It checks nothing: a
 * parser does that once the value is complete.
 */
export class JsonScanner {
  /** Fields of the value itself. */
  keys = 0;
  /** Commas and colons on all levels. */
  marks = 0;
  #depth = 0;
  #isInString = false;
  #isEscaped = false;
  #isPlain = false;

  /** @returns where the value ends, or -1 if it continues after these bytes */
  scan(bytes: Uint8Array, from: number): number {
    const { length } = bytes;
    let depth = this.#depth;
    let isInString = this.#isInString;
    let isPlain = this.#isPlain;
    let i = from;
    if (this.#isEscaped && i < length) {
      this.#isEscaped = false;
      i++;
    }
    for (; i < length; i++) {
      const byte = bytes[i];
      if (isInString) {
        if (byte === BACKSLASH) {
          i++;
          this.#isEscaped = i === length;
        } else if (byte === QUOTE) {
          isInString = false;
          if (depth === 0) return i + 1;
        }
        continue;
      }
      if (byte === QUOTE) {
        if (isPlain) return i;
        isInString = true;
      } else if (byte === COMMA || byte === COLON) {
        if (depth === 0) return i;
        this.marks++;
        if (byte === COLON && depth === 1) this.keys++;
      } else if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) {
        if (isPlain) return i;
        depth++;
      } else if (byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) {
        if (depth === 0) return i;
        if (--depth === 0) return i + 1;
      } else if (depth === 0) {
        if (isBlank(byte)) return i;
        isPlain = true;
      }
    }
    this.#depth = depth;
    this.#isInString = isInString;
    this.#isPlain = isPlain;
    return -1;
  }

  /** The reason why the scanned value is not parsed. Undefined: it is parsed. */
  fault(limits: RowLimits): Fault | undefined {
    if (this.keys > limits.maxColumns) return tooWide(limits.maxColumns);
    if (this.marks <= MAX_MARKS) return undefined;
    return { code: "invalid_row", detail: `the row holds more than ${MAX_MARKS / 2} values` };
  }
}
