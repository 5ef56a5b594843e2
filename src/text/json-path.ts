import { AppError } from "../errors.ts";

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
export const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
export const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const COLON = 0x3a;
export const COMMA = 0x2c;

/** A longer name of a member is cut. */
const MAX_KEY = 200;
/** A document that is nested deeper is no envelope of rows. */
const MAX_DEPTH = 1000;

/**
 * Walks through a JSON document that arrives in pieces, and says where an array begins that is reached by names alone.
 * It checks nothing but that the document ends.
 */
export class JsonWalker {
  /** Of each open container the name of the member that is being read; undefined for arrays. */
  readonly #open: (string | undefined)[] = [];
  /** How many of them are arrays. They are not counted at each array: in a thousand levels that is slow. */
  #arrays = 0;
  #isInString = false;
  #isEscaped = false;
  #key: number[] | undefined;
  #expectsKey = false;

  get depth(): number {
    return this.#open.length;
  }

  /** The names on the way to the present place. Undefined: an array is on the way. */
  get path(): string[] | undefined {
    return this.#arrays > 0 ? undefined : (this.#open as string[]);
  }

  /** @returns whether the byte opens an array; the path then leads to it */
  takes(byte: number): boolean {
    if (this.#isInString) {
      this.#takeInString(byte);
      return false;
    }
    if (byte === QUOTE) {
      this.#isInString = true;
      this.#key = this.#expectsKey ? [] : undefined;
    } else if (byte === OPEN_OBJECT) {
      this.#push("");
      this.#expectsKey = true;
    } else if (byte === OPEN_ARRAY) return true;
    else if (byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) {
      if (this.#open.length > 0 && this.#open.pop() === undefined) this.#arrays--;
      this.#expectsKey = false;
    } else if (byte === COMMA) this.#expectsKey = this.#open.at(-1) !== undefined && this.#open.length > 0;
    else if (byte === COLON) this.#expectsKey = false;
    return false;
  }

  /** Enters the array that the last byte opened. */
  enterArray(): void {
    this.#push(undefined);
    this.#arrays++;
    this.#expectsKey = false;
  }

  #push(name: string | undefined): void {
    if (this.#open.length >= MAX_DEPTH) throw new AppError("invalid_json", "The JSON is nested too deeply.");
    this.#open.push(name);
  }

  #takeInString(byte: number): void {
    if (this.#isEscaped) this.#isEscaped = false;
    else if (byte === BACKSLASH) this.#isEscaped = true;
    else if (byte === QUOTE) {
      this.#isInString = false;
      if (this.#key) this.#open[this.#open.length - 1] = Buffer.from(this.#key).toString("utf8");
      this.#key = undefined;
      return;
    }
    if (this.#key && this.#key.length < MAX_KEY) this.#key.push(byte);
  }
}

/** The names by which files call the array that holds their rows. */
const ROWS = new Set(
  "trips features data rows records results items rides rentals journeys bookings values value hits documents docs entries".split(
    " ",
  ),
);
/** A document with one of these members is a trip itself, whatever arrays it holds. */
const OF_TRIPS = new Set("trip_id source started_at origin origin_lon origin_coord start_time booking_id".split(" "));

/**
 * Finds the array of rows in a JSON document that is an object around it: `features` of GeoJSON, `data.trips` of MDS.
 *
 * @param head the beginning of the document
 * @param isKnown whether an array of this path may hold rows; by default it has a usual name
 * @returns the path, such as `data.trips`; undefined if the document is no such envelope
 */
export function rowsPathIn(
  head: Uint8Array,
  isKnown: (path: readonly string[]) => boolean = (path) => ROWS.has(path.at(-1)?.toLowerCase() ?? ""),
): string | undefined {
  const walker = new JsonWalker();
  let at = afterBlank(head, head[0] === 0xef ? 3 : 0);
  if (head[at] !== OPEN_OBJECT) return undefined;
  for (; at < head.length; at++) {
    if (!walker.takes(head[at] as number)) {
      if (walker.depth === 1 && OF_TRIPS.has(walker.path?.[0] ?? "")) return undefined;
      if (walker.depth === 0) return undefined;
      continue;
    }
    const { path } = walker;
    const hasUsualName = ROWS.has(path?.at(-1)?.toLowerCase() ?? "");
    if (path && path.length <= 3 && isKnown(path) && beginsWithRow(head, at + 1, hasUsualName)) return path.join(".");
    walker.enterArray();
  }
  return undefined;
}

/** Whether rows may begin: an array without rows has them too, and so has one that begins behind the head. */
function beginsWithRow(head: Uint8Array, from: number, mayBeArray: boolean): boolean {
  const at = afterBlank(head, from);
  const first = head[at];
  return at >= head.length || first === OPEN_OBJECT || first === CLOSE_ARRAY || (mayBeArray && first === OPEN_ARRAY);
}

/** The place of the first byte that is no blank. */
export function afterBlank(bytes: Uint8Array, from: number): number {
  let at = from;
  while (at < bytes.length && isBlank(bytes[at] as number)) at++;
  return at;
}

const isBlank = (byte: number) => byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;

/** The names in the path of an array of rows: `data.trips` or `data.trips[*]`. The path of the document is empty. */
export const namesIn = (path: string): string[] =>
  path
    .replace(/\[\*\]$/, "")
    .split(".")
    .filter((name) => name !== "");

/**
 * Cuts the array at a path out of a JSON document as it passes. What stands around it is left out.
 *
 * @param path such as `data.trips` or `data.trips[*]`
 * @throws AppError invalid_json if the document has no such array, or ends too early
 */
export async function* arrayAt(bytes: AsyncIterable<Buffer>, path: string): AsyncGenerator<Buffer> {
  const wanted = namesIn(path);
  const walker = new JsonWalker();
  const isHere = () => {
    const at = walker.path;
    return at?.length === wanted.length && at.every((name, i) => name === wanted[i]);
  };
  let inside: ArrayEnd | undefined;
  let isFound = false;
  let isStart = true;
  for await (const chunk of bytes) {
    let at = isStart && chunk[0] === 0xef ? 3 : 0;
    isStart = false;
    while (at < chunk.length) {
      if (inside) {
        const end = inside.find(chunk, at);
        yield chunk.subarray(at, end < 0 ? chunk.length : end);
        if (end < 0) break;
        inside = undefined;
        at = end;
        continue;
      }
      const opens = walker.takes(chunk[at] as number);
      if (opens && !isFound && isHere()) {
        isFound = true;
        inside = new ArrayEnd();
        continue;
      }
      if (opens) walker.enterArray();
      at++;
    }
  }
  if (inside || walker.depth > 0) throw new AppError("invalid_json", "The JSON ends too early.");
  if (isFound) return;
  throw new AppError("invalid_json", `The JSON has no array at ${path}, where the mapping expects the rows.`);
}

/** Finds the end of an array in bytes that arrive in pieces. */
export class ArrayEnd {
  #depth = 0;
  #isInString = false;
  #isEscaped = false;

  /** @returns the place behind the array, or -1 if it goes on after these bytes */
  find(bytes: Uint8Array, from: number): number {
    let depth = this.#depth;
    let isInString = this.#isInString;
    let isEscaped = this.#isEscaped;
    for (let i = from; i < bytes.length; i++) {
      const byte = bytes[i];
      if (isInString) {
        if (isEscaped) isEscaped = false;
        else if (byte === BACKSLASH) isEscaped = true;
        else if (byte === QUOTE) isInString = false;
      } else if (byte === QUOTE) isInString = true;
      else if (byte === OPEN_ARRAY || byte === OPEN_OBJECT) depth++;
      else if ((byte === CLOSE_ARRAY || byte === CLOSE_OBJECT) && --depth === 0) return i + 1;
    }
    this.#depth = depth;
    this.#isInString = isInString;
    this.#isEscaped = isEscaped;
    return -1;
  }
}
