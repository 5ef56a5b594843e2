import { isUtf8 } from "node:buffer";
import { AppError } from "../errors.ts";
import { shown } from "../kit/shown.ts";
import type { ArrayColumns } from "../text/json-rows.ts";
import { firstBadByte, shownBytes } from "../text/utf8.ts";
import { brokenJson } from "./json-fault.ts";
import { isBlank, JsonScanner } from "./json-scanner.ts";
import { badBytes, tooLong } from "./row-faults.ts";
import { PIECE_BYTES, type RowLimits } from "./row-limits.ts";
import { Found, type RowPart } from "./row-part.ts";
import { memberRow } from "./rows.ts";

/** The next expected element: the beginning, a member, a comma or the end. `single` is a body that is not an array. */
type Phase = "start" | "first" | "next" | "after" | "end" | "single" | "single end";

/** A stand-in for everything before the place of a fault. */
const BEFORE: Record<Phase, string> = {
  start: "",
  first: "[",
  next: "[0,",
  after: "[0",
  end: "[]",
  single: "",
  "single end": "{}",
};

/** The number of rows that are read one by one before other work gets a turn: about 8 ms. */
const ROWS_AT_ONCE = 3000;

const NOTHING = Buffer.alloc(0);
const ARRAY_STARTS = 0x5b;
const ARRAY_ENDS = 0x5d;
const COMMA = 0x2c;
const OBJECT_ENDS = Buffer.from("},");
const ARRAY_ENDS_ROW = Buffer.from("],");
const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf]);

/**
 * Reads a JSON array member by member from bytes that arrive in pieces. It holds no more than a piece and one row.
 *
 * Objects are parsed many at a time: the text between two possible ends of a member is parsed as an array. If that
 * succeeds, both are ends, since a parser that began at a member reached the end of one. If it fails, for example where
 * a text holds `},`, the ends are found byte by byte.
 */
export class JsonReader {
  readonly #limits: RowLimits;
  readonly #isResumed: boolean;
  readonly #columns: ArrayColumns | undefined;
  /** The end of a member and the comma behind it. */
  readonly #memberEnds: Buffer;
  #phase: Phase;
  #row: number;
  /** Bytes that arrived and are not read yet. They begin at `#base`. */
  #rest: Buffer = NOTHING;
  #isBehind = false;
  #base: number;
  /** A member longer than a piece. Its parts are held as long as it may still become a row. */
  #long: { scanner: JsonScanner; parts: Buffer[]; bytes: number } | undefined;
  #scalar: { value: unknown } | undefined;

  /** @param columns names the members of rows that are arrays */
  constructor(limits: RowLimits, resume = { rows: 0, endByte: 0 }, columns?: ArrayColumns) {
    this.#limits = limits;
    this.#columns = columns;
    this.#memberEnds = columns ? ARRAY_ENDS_ROW : OBJECT_ENDS;
    this.#isResumed = resume.endByte > 0;
    this.#phase = this.#isResumed ? "after" : "start";
    this.#row = resume.rows;
    this.#base = resume.endByte;
  }

  /** Whether only some rows of the last piece were returned. `read()` returns more of them. */
  get isBehind(): boolean {
    return this.#isBehind;
  }

  /** @throws AppError invalid_json, invalid_body */
  read(piece: Buffer = NOTHING): RowPart {
    const found = new Found();
    let bytes = piece;
    let at = 0;
    if (this.#long) {
      at = this.#long.scanner.scan(piece, 0);
      const part = at < 0 ? piece : piece.subarray(0, at);
      this.#hold(part);
      this.#base += part.length;
      if (at < 0) return found.part();
      this.#endLong(found);
      bytes = piece.subarray(at);
      at = 0;
    } else if (this.#rest.length > 0) bytes = piece.length === 0 ? this.#rest : Buffer.concat([this.#rest, piece]);
    this.#isBehind = false;
    at = this.#readMembers(bytes, found);
    this.#rest = bytes.subarray(at);
    this.#base += at;
    return found.part();
  }

  /** @throws AppError invalid_json, invalid_body */
  end(): RowPart {
    const found = new Found();
    if (this.#long)
      throw brokenJson(BEFORE[this.#phase], Buffer.concat(this.#long.parts), this.#base - this.#long.bytes);
    // A number or a word ends at the end of the body.
    if (this.#phase === "single") this.#endMember(this.#rest, this.#rest.length, found, this.#base);
    const isOver =
      this.#phase === "end" || this.#phase === "single end" || (this.#isResumed && this.#phase === "after");
    if (!isOver) throw brokenJson(BEFORE[this.#phase], this.#rest, this.#base);
    if (this.#scalar) {
      const got = shown(this.#scalar.value);
      throw new AppError("invalid_body", `Expected a trip or an array of trips, but got ${got}.`);
    }
    return found.part();
  }

  /** @returns the position up to which the bytes were read */
  #readMembers(bytes: Buffer, found: Found): number {
    let at = 0;
    // Tried once per piece. Otherwise a body without objects would be searched for them repeatedly.
    let isFast = this.#limits.maxRowBytes >= PIECE_BYTES;
    if (this.#phase === "start" && this.#base === 0) {
      const start = bytes.subarray(0, 3);
      if (start.length < 3 && BYTE_ORDER_MARK.subarray(0, start.length).equals(start)) return 0;
      if (start.equals(BYTE_ORDER_MARK)) at = 3;
    }
    for (;;) {
      while (at < bytes.length && isBlank(bytes[at])) at++;
      if (at === bytes.length) return at;
      if (!isFast && found.rows.length >= ROWS_AT_ONCE) {
        this.#isBehind = true;
        return at;
      }
      const byte = bytes[at];
      if (this.#phase === "start" || this.#phase === "after" || this.#phase === "end" || this.#phase === "single end") {
        const next = this.#nextPhase(byte);
        if (!next) throw brokenJson(BEFORE[this.#phase], bytes.subarray(at), this.#base + at);
        this.#phase = next;
        if (next !== "single") at++;
        continue;
      }
      if (this.#phase === "first" && byte === ARRAY_ENDS) {
        this.#phase = "end";
        at++;
        continue;
      }
      if (isFast && this.#phase !== "single") {
        const end = this.#readMany(bytes, at, found);
        isFast = end !== undefined;
        at = end ?? at;
        if (isFast) continue;
      }
      const scanner = new JsonScanner();
      const end = scanner.scan(bytes, at);
      if (end < 0) return this.#leaveOpen(scanner, bytes, at);
      this.#endMember(bytes.subarray(at, end), end - at, found, this.#base + at, bytes.subarray(at), scanner);
      at = end;
    }
  }

  #nextPhase(byte: number | undefined): Phase | undefined {
    if (this.#phase === "start") return byte === ARRAY_STARTS ? "first" : "single";
    if (this.#phase !== "after") return undefined;
    return byte === COMMA ? "next" : byte === ARRAY_ENDS ? "end" : undefined;
  }

  /** @returns the start of the member after the parsed ones; undefined if none were parsed */
  #readMany(bytes: Buffer, at: number, found: Found): number | undefined {
    const last = bytes.lastIndexOf(this.#memberEnds, at + PIECE_BYTES);
    // Bytes that are no characters reject their member alone, so it is looked for byte by byte.
    if (last < at || !isUtf8(bytes.subarray(at, last + 1))) return undefined;
    let values: unknown[];
    try {
      values = JSON.parse(`[${bytes.toString("utf8", at, last + 1)}]`);
    } catch {
      return undefined;
    }
    for (const value of values) found.rows.push(memberRow(++this.#row, value, this.#columns));
    found.addMany({ bytes, at, count: values.length, base: this.#base, end: this.#base + last + 1 });
    this.#phase = "next";
    return last + this.#memberEnds.length;
  }

  /** Leaves a member that continues in the next piece. It is read again from its beginning, unless it is long. */
  #leaveOpen(scanner: JsonScanner, bytes: Buffer, at: number): number {
    if (bytes.length - at <= PIECE_BYTES) return at;
    this.#long = { scanner, parts: [], bytes: 0 };
    this.#hold(bytes.subarray(at));
    return bytes.length;
  }

  #hold(part: Buffer): void {
    if (!this.#long) return;
    this.#long.bytes += part.length;
    if (this.#long.bytes <= this.#limits.maxRowBytes) this.#long.parts.push(part);
    else this.#long.parts = [];
  }

  #endLong(found: Found): void {
    if (!this.#long) return;
    const { scanner, parts, bytes } = this.#long;
    this.#long = undefined;
    this.#rest = NOTHING;
    const text = Buffer.concat(parts);
    this.#endMember(text, bytes, found, this.#base - bytes, text, scanner);
  }

  /**
   * @param length length of the member; if it is too long, only its length is known
   * @param start where it begins
   * @param following the bytes in which its fault is located
   */
  #endMember(
    member: Buffer,
    length: number,
    found: Found,
    start: number,
    following = member,
    scanner?: JsonScanner,
  ): void {
    const { maxRowBytes } = this.#limits;
    const bad = length > maxRowBytes || isUtf8(member) ? -1 : firstBadByte(member);
    const fault =
      length > maxRowBytes
        ? tooLong(maxRowBytes)
        : bad >= 0
          ? badBytes(shownBytes(member, bad), start + bad)
          : length > PIECE_BYTES
            ? scanner?.fault(this.#limits)
            : undefined;
    const text = member.toString("utf8");
    let value: unknown;
    try {
      value = fault ? {} : JSON.parse(text);
    } catch {
      throw brokenJson(BEFORE[this.#phase], following, start);
    }
    if (this.#phase === "single" && (typeof value !== "object" || value === null)) this.#scalar = { value };
    else {
      found.rows.push(memberRow(++this.#row, value, this.#columns, text, fault));
      found.add(start + length);
    }
    this.#phase = this.#phase === "single" ? "single end" : "after";
  }
}
