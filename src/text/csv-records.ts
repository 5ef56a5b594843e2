import { isUtf8 } from "node:buffer";
import { type Info, type Options, type Parser, parse } from "csv-parse";
import { breathe } from "../kit/event-loop.ts";
import { type CellStyle, type CutRecord, cellsOfLine } from "./csv-line.ts";
import { firstBadByte, shownBytes } from "./utf8.ts";
import { PIECE_BYTES, wholeLines } from "./whole-lines.ts";

/** Parser options for CSV that is read whole or as a stream. */
export const CSV_OPTIONS = {
  bom: true,
  relax_column_count: true,
  relax_quotes: true,
  skip_empty_lines: true,
  record_delimiter: ["\r\n", "\n", "\r"],
};

/** Parser options for cells that are written in a style. */
export const optionsFor = ({ delimiter, quote = '"', padded = false }: CellStyle) => ({
  ...CSV_OPTIONS,
  ...{ delimiter, quote, escape: quote, trim: padded },
});

/** The limits of a record. */
export interface CsvLimits {
  maxColumns: number;
  /** A longer record ends the reading. */
  maxRowBytes: number;
}

/** A record. If it has too many cells, one more than the limit is kept. */
export interface CsvRecord extends CutRecord {
  /** The end of the record, including its line end. */
  endByte: number;
  /** The bytes of the record that are not UTF-8, and their place in the payload. Undefined: all are UTF-8. */
  bad?: { bytes: string; at: number } | undefined;
}

/** How records are read. */
export interface CsvReading {
  /** Whether the bytes begin at the start of the CSV, where a byte order mark may stand. */
  isStart: boolean;
  /** Where the bytes begin in the payload. */
  start: number;
  style: CellStyle;
  limits: CsvLimits;
}

const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf]);

/**
 * Reads the records of a CSV stream, several at a time. Lines that are whole records are cut here. From any other line
 * on, a parser reads until a record ends at the end of a piece.
 *
 * @throws CsvError at the place after which nothing can be read
 */
export async function* csvRecords(bytes: AsyncIterable<Buffer>, reading: CsvReading): AsyncGenerator<CsvRecord[]> {
  const { isStart, limits } = reading;
  const parser = new PieceParser(reading);
  let at = 0;
  for await (const { bytes: piece, whole } of wholeLines(bytes, limits.maxRowBytes)) {
    let rest = piece;
    if (isStart && at === 0 && piece.subarray(0, 3).equals(BYTE_ORDER_MARK)) {
      rest = piece.subarray(3);
      at = 3;
    }
    if (whole && !parser.isInside) {
      const records: CsvRecord[] = [];
      const cut = cutLines(rest, at, records, reading);
      yield records;
      rest = rest.subarray(cut - at);
      at = cut;
    }
    at += rest.length;
    if (rest.length > 0) yield* parser.read(rest, at);
  }
  yield* parser.end(at);
}

/**
 * Cuts lines as long as each one is a record.
 *
 * @returns the start of the rest, which a parser reads
 */
function cutLines(piece: Buffer, start: number, records: CsvRecord[], reading: CsvReading): number {
  const { maxRowBytes, maxColumns } = reading.limits;
  // The lengths of texts tell nothing about places if some bytes are not characters, so the parser reads those pieces.
  if (!isUtf8(piece)) return start;
  const text = piece.toString("utf8");
  const isAscii = text.length === piece.length;
  // On old Macs a lone CR ends a line. The parser reads such files.
  if (text.includes("\r") && /\r(?!\n)/.test(text)) return start;
  let endByte = start;
  for (let at = 0; at < text.length; ) {
    const newline = text.indexOf("\n", at);
    const end = newline < 0 ? text.length : newline;
    const line = text.slice(at, end > at && text.charCodeAt(end - 1) === CARRIAGE_RETURN ? end - 1 : end);
    // Piece boundaries decide whether such a line comes here, but they must not change its outcome: the parser decides.
    if (piece.length > maxRowBytes && Buffer.byteLength(line) > maxRowBytes) return endByte;
    const cells = line === "" ? [] : cellsOfLine(line, maxColumns, reading.style);
    if (!cells) return endByte;
    const next = newline < 0 ? end : end + 1;
    endByte += isAscii ? next - at : Buffer.byteLength(text.slice(at, next));
    at = next;
    if (line !== "") records.push({ cells, line, endByte });
  }
  return endByte;
}

const CARRIAGE_RETURN = 0x0d;
const NEWLINE = 0x0a;

/** Reads records with the parser that also reads whole bodies. */
class PieceParser {
  #parser: Parser | undefined;
  #fault: Error | undefined;
  #fed = 0;
  #read = 0;
  readonly #reading: CsvReading;
  readonly #limits: CsvLimits;
  /** Faulty bytes that were fed, in records that have not ended. */
  #bad: { bytes: string; at: number }[] = [];

  constructor(reading: CsvReading) {
    this.#reading = reading;
    this.#limits = reading.limits;
  }

  /** Whether a record has begun and not ended yet. */
  get isInside(): boolean {
    return this.#read < this.#fed;
  }

  /** @param end where the piece ends */
  async *read(piece: Buffer, end: number): AsyncGenerator<CsvRecord[]> {
    const parser = this.#parser ?? this.#start();
    const start = end - piece.length;
    this.#noteBad(piece, start);
    for (let at = 0; at < piece.length && !this.#fault; at += PIECE_BYTES) {
      const part = piece.subarray(at, at + PIECE_BYTES);
      this.#fed += part.length;
      await new Promise<void>((taken) => parser.write(part, () => taken()));
      yield this.#take(parser, start + at + part.length);
      await breathe();
      this.#leaveOut(parser);
    }
    if (this.#fault) throw this.#fault;
  }

  /** Notes the bytes of each line that are not UTF-8. A piece ends with a line, so no character is cut in two. */
  #noteBad(piece: Buffer, start: number): void {
    if (isUtf8(piece)) return;
    for (let at = 0; at < piece.length; ) {
      const newline = piece.indexOf(NEWLINE, at);
      const next = newline < 0 ? piece.length : newline + 1;
      const line = piece.subarray(at, next);
      const bad = isUtf8(line) ? -1 : firstBadByte(line);
      if (bad >= 0) this.#bad.push({ bytes: shownBytes(line, bad), at: this.#reading.start + start + at + bad });
      at = next;
    }
  }

  /** The faulty bytes of the record that ends at a place, if it has some. */
  #badBefore(endByte: number): { bytes: string; at: number } | undefined {
    const end = this.#reading.start + endByte;
    const found = this.#bad[0];
    if (!found || found.at >= end) return undefined;
    this.#bad = this.#bad.filter(({ at }) => at >= end);
    return found;
  }

  /** Drops the cells beyond the limit of an unfinished record, so a row of millions of commas is not held. */
  #leaveOut(parser: Parser): void {
    const { record } = (parser as Parser & { state: { record: string[] } }).state;
    const most = this.#limits.maxColumns + 1;
    if (record.length > most) record.length = most;
  }

  /** @param end where the CSV ends */
  async *end(end: number): AsyncGenerator<CsvRecord[]> {
    const parser = this.#parser;
    if (!parser) return;
    await new Promise<void>((taken) => parser.end(() => taken()));
    yield this.#take(parser, end);
    if (this.#fault) throw this.#fault;
  }

  #start(): Parser {
    const parser = parse({
      ...optionsFor(this.#reading.style),
      bom: false,
      info: true,
      max_record_size: this.#limits.maxRowBytes,
      // The parser takes in a whole piece before its records are read. This is faster than one turn per record.
      readableHighWaterMark: 1_000_000,
    } as Options);
    parser.on("error", (error) => {
      this.#fault = error;
    });
    this.#parser = parser;
    return parser;
  }

  #take(parser: Parser, end: number): CsvRecord[] {
    const records: CsvRecord[] = [];
    for (let read = parser.read(); read !== null; read = parser.read()) {
      const { record, info } = read as { record: string[]; info: Info };
      this.#read = info.bytes;
      if (record.length > this.#limits.maxColumns) record.length = this.#limits.maxColumns + 1;
      const endByte = end - this.#fed + info.bytes;
      const bad = this.#bad.length > 0 ? this.#badBefore(endByte) : undefined;
      records.push({ cells: record, endByte, ...(bad ? { bad } : {}) });
    }
    return records;
  }
}
