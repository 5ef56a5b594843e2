import { CsvError } from "csv-parse";
import { AppError } from "../errors.ts";
import { type CsvRecord, csvRecords } from "./csv-records.ts";
import { csvFault, csvRow, headerOf } from "./csv-rows.ts";
import { decode } from "./read-body.ts";
import { fieldsOf, formOf, jsonRows, ndjsonRow } from "./rows.ts";
import { type Form, MAX_ROW_BYTES, type SentRow } from "./sent-row.ts";
import { wholeLines } from "./whole-lines.ts";

/** A JSON array is held whole while it is read; as NDJSON it can be of any length. */
export const MAX_JSON_BYTES = 16 * 1024 * 1024;
/** What is looked at to tell CSV, NDJSON and JSON from each other. */
const HEAD_BYTES = 64 * 1024;
/** Rows of up to 4 MB each would otherwise be held by the thousand. */
const BLOCK_BYTES = 8 * 1024 * 1024;

/**
 * Rows in order, and where in the unpacked payload the last of them ends. It has at least one row, and ends when it has
 * so many rows or so many bytes, counted from its own start: who goes on at the end of one gets the blocks that would have
 * followed it.
 */
export interface RowBlock {
  rows: SentRow[];
  endByte: number;
}

export interface RowStream {
  form: Form;
  /** The header of a CSV. */
  header: string[] | undefined;
  /** For JSON the fields of the first rows. */
  fields: string[];
  blocks: AsyncGenerator<RowBlock>;
}

/** Where to go on in a payload of which rows were read before. */
export interface ResumeAt {
  rows: number;
  endByte: number;
}

type Row = { row: SentRow; endByte: number };

/**
 * Splits an unpacked payload into blocks of rows, holding no more of it than that.
 *
 * @param bytes all of the payload, or for CSV and NDJSON what comes after `resume.endByte`
 * @throws AppError invalid_csv if the header is unusable, invalid_json, body_too_large for a JSON array
 */
export async function streamRows(
  bytes: AsyncIterable<Buffer>,
  contentType: string | undefined,
  rowsABlock: number,
  known?: { form: Form; header: string[] | undefined; resume: ResumeAt },
  bytesABlock = BLOCK_BYTES,
): Promise<RowStream> {
  const { head, all } = await peek(bytes);
  // The end of the head may be half of a character, which tells nothing about the form.
  const form = known?.form ?? formOf(head.toString("utf8").replace(/^\uFEFF/, ""), contentType);
  const resume = known?.resume ?? { rows: 0, endByte: 0 };
  const limits = { rows: rowsABlock, bytes: bytesABlock };
  if (form === "csv") {
    const records = csvRecords(all, resume.endByte === 0);
    const first = known?.header ? [] : await firstRecords(records);
    const header = known?.header ?? headerOf(first.shift()?.cells);
    const blocks = blocksOf(csvStream(first, records, header, resume), resume.endByte, limits);
    return { form, header, fields: header, blocks };
  }
  const blocks = blocksOf(form === "ndjson" ? ndjsonStream(all, resume) : jsonStream(all), resume.endByte, limits);
  const first = await blocks.next();
  return { form, header: undefined, fields: fieldsOf(first.value?.rows ?? []), blocks: withFirst(first, blocks) };
}

async function* withFirst<T>(first: IteratorResult<T>, rest: AsyncGenerator<T>): AsyncGenerator<T> {
  if (first.done) return;
  yield first.value;
  yield* rest;
}

async function peek(bytes: AsyncIterable<Buffer>): Promise<{ head: Buffer; all: AsyncGenerator<Buffer> }> {
  const iterator = bytes[Symbol.asyncIterator]();
  const chunks: Buffer[] = [];
  let length = 0;
  while (length < HEAD_BYTES) {
    const { done, value } = await iterator.next();
    if (done) break;
    chunks.push(value);
    length += value.length;
  }
  const head = Buffer.concat(chunks);
  async function* all() {
    yield head;
    yield* { [Symbol.asyncIterator]: () => iterator };
  }
  return { head: head.subarray(0, HEAD_BYTES), all: all() };
}

async function* blocksOf(
  rows: AsyncGenerator<Row[]>,
  from: number,
  limits: { rows: number; bytes: number },
): AsyncGenerator<RowBlock> {
  let start = from;
  let block: RowBlock = { rows: [], endByte: from };
  for await (const some of rows) {
    for (const { row, endByte } of some) {
      block.rows.push(row);
      block.endByte = endByte;
      if (block.rows.length < limits.rows && endByte - start < limits.bytes) continue;
      yield block;
      start = endByte;
      block = { rows: [], endByte };
    }
  }
  if (block.rows.length > 0) yield block;
}

/** The first record, and those that came with it. */
async function firstRecords(records: AsyncGenerator<CsvRecord[]>): Promise<CsvRecord[]> {
  try {
    for (let next = await records.next(); !next.done; next = await records.next()) {
      if (next.value.length > 0) return next.value;
    }
    return [];
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw new AppError("invalid_csv", `The body is not CSV: ${csvFault(error)} in its header.`, { line: 1 });
  }
}

/** What cannot be read any further is one faulty row, since the rows before it are good. */
async function* csvStream(
  first: CsvRecord[],
  records: AsyncGenerator<CsvRecord[]>,
  header: readonly string[],
  resume: ResumeAt,
): AsyncGenerator<Row[]> {
  let row = resume.rows;
  let endByte = resume.endByte;
  const toRow = (record: CsvRecord): Row => {
    endByte = resume.endByte + record.endByte;
    return { row: csvRow(++row, record.cells, header), endByte };
  };
  yield first.map(toRow);
  try {
    for await (const some of records) yield some.map(toRow);
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    const detail = `${csvFault(error)}: nothing from this row on could be read`;
    // Whoever goes on after this row finds nothing more, or it would be counted again.
    const theEnd = Number.MAX_SAFE_INTEGER;
    yield [{ row: { row: row + 1, raw: "", fault: { code: "invalid_row", detail } }, endByte: theEnd }];
  }
}

const NEWLINE = 0x0a;

async function* ndjsonStream(bytes: AsyncIterable<Buffer>, resume: ResumeAt): AsyncGenerator<Row[]> {
  let row = resume.rows;
  let end = resume.endByte;
  // The rest of a line of which the first part was too long.
  let isSkipping = false;
  const tooLong = (): Row => {
    const detail = `the line is longer than ${MAX_ROW_BYTES} bytes`;
    return { row: { row: ++row, raw: "", fault: { code: "invalid_row", detail } }, endByte: end };
  };
  for await (const { bytes: piece, whole } of wholeLines(bytes)) {
    const rows: Row[] = [];
    for (let at = 0; at < piece.length; ) {
      const newline = piece.indexOf(NEWLINE, at);
      const next = newline < 0 ? piece.length : newline + 1;
      const isLong: boolean = isSkipping || next - at > MAX_ROW_BYTES;
      const line = isLong
        ? ""
        : piece
            .toString("utf8", at, next)
            .replace(/^\uFEFF/, "")
            .trim();
      end += next - at;
      at = next;
      const ends = newline >= 0 || whole;
      if (isLong && ends) rows.push(tooLong());
      else if (line !== "") rows.push({ row: ndjsonRow(++row, line), endByte: end });
      isSkipping = isLong && !ends;
    }
    yield rows;
  }
  // The last line, if nothing came after the part of it that was too long.
  if (isSkipping) yield [tooLong()];
}

/** All rows end where the payload does: whoever goes on with it reads it from its beginning. */
async function* jsonStream(bytes: AsyncIterable<Buffer>): AsyncGenerator<Row[]> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of bytes) {
    length += chunk.length;
    if (length > MAX_JSON_BYTES) {
      const detail = `A JSON array is read whole, and so at most ${MAX_JSON_BYTES} bytes long; send NDJSON instead.`;
      throw new AppError("body_too_large", detail, { max_bytes: MAX_JSON_BYTES });
    }
    chunks.push(chunk);
  }
  yield jsonRows(decode(Buffer.concat(chunks)), Number.POSITIVE_INFINITY).rows.map((row) => ({ row, endByte: 0 }));
}
