import type { Point } from "../../geo/point.ts";

/** The start of PostgreSQL's times: 2000-01-01, in microseconds since 1970. */
const POSTGRES_EPOCH_US = Date.UTC(2000, 0, 1) * 1000;
/** Extended WKB, little-endian: a point that names its spatial reference system. */
const LITTLE_ENDIAN = 1;
const POINT_WITH_SRID = 0x20000001;
const SRID = 4326;
const HEADER = Buffer.from("5047434f50590aff0d0a000000000000000000", "hex");

const BUFFER_BYTES = 2 * 1024 * 1024;
/** Buffers for reuse, since memory outside of the heap is freed late: imports held 60 MB of it. */
const spare: Buffer[] = [];
const MAX_SPARE = 4;

const viewOf = (buffer: Buffer) => new DataView(buffer.buffer, buffer.byteOffset, buffer.length);

/**
 * Rows in the binary form of COPY, which spares the server the reading of text. The fields of a row are written one
 * after the other. Each takes undefined for null.
 * https://www.postgresql.org/docs/current/sql-copy.html, Binary Format
 */
export class BinaryRows {
  #buffer = spare.pop() ?? Buffer.allocUnsafe(BUFFER_BYTES);
  /** Numbers are written through a view, which is compiled to single stores. Those of a buffer write byte by byte. */
  #view = viewOf(this.#buffer);
  #at = HEADER.copy(this.#buffer);

  startRow(fields: number): void {
    this.#need(2);
    this.#view.setInt16(this.#at, fields);
    this.#at += 2;
  }

  text(value: string | undefined): void {
    if (value === undefined) {
      this.#null();
      return;
    }
    // UTF-8 takes at most three bytes for a unit of UTF-16.
    this.#need(4 + value.length * 3);
    const written = this.#writeShort(value, this.#at + 4) ?? this.#buffer.write(value, this.#at + 4);
    this.#view.setInt32(this.#at, written);
    this.#at += 4 + written;
  }

  /** Writes short ASCII, as most names are. This is faster here than a call out of JavaScript. */
  #writeShort(value: string, at: number): number | undefined {
    if (value.length > 40) return undefined;
    for (let i = 0; i < value.length; i++) {
      const code = value.charCodeAt(i);
      if (code > 0x7f) return undefined;
      this.#buffer[at + i] = code;
    }
    return value.length;
  }

  jsonb(text: string | undefined): void {
    if (text === undefined) {
      this.#null();
      return;
    }
    this.#need(5 + text.length * 3);
    const written = this.#buffer.write(text, this.#at + 5);
    this.#view.setInt32(this.#at, written + 1);
    // The version of the form that follows.
    this.#buffer[this.#at + 4] = 1;
    this.#at += 5 + written;
  }

  int4(value: number | undefined): void {
    if (value === undefined) {
      this.#null();
      return;
    }
    this.#need(8);
    this.#view.setInt32(this.#at, 4);
    this.#view.setInt32(this.#at + 4, value);
    this.#at += 8;
  }

  boolean(value: boolean): void {
    this.#need(5);
    this.#view.setInt32(this.#at, 1);
    this.#buffer[this.#at + 4] = value ? 1 : 0;
    this.#at += 5;
  }

  float8(value: number | undefined): void {
    if (value === undefined) {
      this.#null();
      return;
    }
    this.#need(12);
    this.#view.setInt32(this.#at, 8);
    this.#view.setFloat64(this.#at + 4, value);
    this.#at += 12;
  }

  /** @param us microseconds since 1970, as the clock of the column's kind counts them */
  timestamp(us: number | undefined): void {
    if (us === undefined) {
      this.#null();
      return;
    }
    this.#need(12);
    const value = us - POSTGRES_EPOCH_US;
    const high = Math.floor(value / 2 ** 32);
    this.#view.setInt32(this.#at, 8);
    this.#view.setInt32(this.#at + 4, high);
    this.#view.setUint32(this.#at + 8, value - high * 2 ** 32);
    this.#at += 12;
  }

  point(value: Point | undefined): void {
    if (value === undefined) {
      this.#null();
      return;
    }
    this.#need(29);
    this.#view.setInt32(this.#at, 25);
    this.#buffer[this.#at + 4] = LITTLE_ENDIAN;
    this.#view.setUint32(this.#at + 5, POINT_WITH_SRID, true);
    this.#view.setUint32(this.#at + 9, SRID, true);
    this.#view.setFloat64(this.#at + 13, value[0], true);
    this.#view.setFloat64(this.#at + 21, value[1], true);
    this.#at += 29;
  }

  /** Returns the rows, with the header and the trailer of COPY. */
  finish(): Buffer {
    this.#need(2);
    this.#view.setInt16(this.#at, -1);
    this.#at += 2;
    return this.#buffer.subarray(0, this.#at);
  }

  /** Gives the memory of the rows back. The rows must not be read any more. */
  release(): void {
    if (spare.length < MAX_SPARE && this.#buffer.length === BUFFER_BYTES) spare.push(this.#buffer);
  }

  #null(): void {
    this.#need(4);
    this.#view.setInt32(this.#at, -1);
    this.#at += 4;
  }

  #need(bytes: number): void {
    if (this.#at + bytes <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.#buffer.length * 2, this.#at + bytes));
    this.#buffer.copy(larger, 0, 0, this.#at);
    this.#buffer = larger;
    this.#view = viewOf(larger);
  }
}
