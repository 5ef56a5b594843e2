import { type Info, type Options, type Parser, parse } from "csv-parse";
import { cellsOfLine } from "./csv-line.ts";
import { CSV_OPTIONS } from "./csv-rows.ts";
import { MAX_ROW_BYTES } from "./sent-row.ts";
import { wholeLines } from "./whole-lines.ts";

export interface CsvRecord {
  cells: string[];
  /** Where the record ends, its line end included. */
  endByte: number;
}

const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf]);

/**
 * The records of a CSV as it comes, several at a time. Lines that are records by themselves are cut here; from another
 * one on a parser reads, until a record ends where a piece does.
 *
 * @param isStart whether the bytes begin where the CSV does, and so perhaps with a byte order mark
 * @throws CsvError where nothing more can be read
 */
export async function* csvRecords(bytes: AsyncIterable<Buffer>, isStart: boolean): AsyncGenerator<CsvRecord[]> {
  const parser = new PieceParser();
  let at = 0;
  for await (const { bytes: piece, whole } of wholeLines(bytes)) {
    let rest = piece;
    if (isStart && at === 0 && piece.subarray(0, 3).equals(BYTE_ORDER_MARK)) {
      rest = piece.subarray(3);
      at = 3;
    }
    if (whole && !parser.isInside) {
      const records: CsvRecord[] = [];
      const cut = cutLines(rest, at, records);
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
 * Cuts lines, as long as each is a record.
 *
 * @returns where the rest begins, which is for a parser
 */
function cutLines(piece: Buffer, start: number, records: CsvRecord[]): number {
  const text = piece.toString("utf8");
  const isAscii = text.length === piece.length;
  // A line end of its own, on old Macs: such files are left to the parser.
  if (text.includes("\r") && /\r(?!\n)/.test(text)) return start;
  let endByte = start;
  for (let at = 0; at < text.length; ) {
    const newline = text.indexOf("\n", at);
    const end = newline < 0 ? text.length : newline;
    const line = text.slice(at, end > at && text.charCodeAt(end - 1) === CARRIAGE_RETURN ? end - 1 : end);
    // Whether such a line comes here depends on where pieces end, but its fate must not: the parser decides.
    if (piece.length > MAX_ROW_BYTES && Buffer.byteLength(line) > MAX_ROW_BYTES) return endByte;
    const cells = line === "" ? [] : cellsOfLine(line);
    if (!cells) return endByte;
    const next = newline < 0 ? end : end + 1;
    endByte += isAscii ? next - at : Buffer.byteLength(text.slice(at, next));
    at = next;
    if (line !== "") records.push({ cells, endByte });
  }
  return endByte;
}

const CARRIAGE_RETURN = 0x0d;

/** Reads by the parser that also reads whole bodies. */
class PieceParser {
  #parser: Parser | undefined;
  #fault: Error | undefined;
  #fed = 0;
  #read = 0;

  /** Whether a record has begun that has not ended. */
  get isInside(): boolean {
    return this.#read < this.#fed;
  }

  /** @param end where the piece ends */
  async *read(piece: Buffer, end: number): AsyncGenerator<CsvRecord[]> {
    const parser = this.#parser ?? this.#start();
    this.#fed += piece.length;
    await new Promise<void>((taken) => parser.write(piece, () => taken()));
    yield this.#take(parser, end);
    if (this.#fault) throw this.#fault;
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
      ...CSV_OPTIONS,
      bom: false,
      info: true,
      max_record_size: MAX_ROW_BYTES,
      // A piece is taken in as a whole and its records are read then, which is faster than a turn for each.
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
      records.push({ cells: record, endByte: end - this.#fed + info.bytes });
    }
    return records;
  }
}
