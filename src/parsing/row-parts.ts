import { isUtf8 } from "node:buffer";
import { CsvError } from "csv-parse";
import type { CellStyle } from "../text/csv-line.ts";
import type { CsvRecord } from "../text/csv-records.ts";
import type { ArrayColumns } from "../text/json-rows.ts";
import { firstBadByte, shownBytes } from "../text/utf8.ts";
import { wholeLines } from "../text/whole-lines.ts";
import { csvFault, csvRow } from "./csv-rows.ts";
import { JsonReader } from "./json-reader.ts";
import { isBlank, JsonScanner } from "./json-scanner.ts";
import { badBytes, type Fault, tooLong } from "./row-faults.ts";
import { PIECE_BYTES, type RowLimits } from "./row-limits.ts";
import type { RowPart } from "./row-part.ts";
import { lineFrom, memberRow, ndjsonRow, safeJson } from "./rows.ts";
import type { SentRow } from "./sent-row.ts";

/** The place where reading of a payload resumes: the rows and bytes that were read before. */
export interface ResumeAt {
  rows: number;
  endByte: number;
}

export const FROM_START: ResumeAt = { rows: 0, endByte: 0 };

function partOf(rows: SentRow[], ends: number[]): RowPart {
  return { rows, end: ends.at(-1) ?? 0, ends: () => ends };
}

/**
 * Reads the rows of a CSV. The rows before an unreadable place are good, so everything from there on is one faulty row.
 *
 * @param onBroken called instead, if such a fault makes the rows before it useless
 */
export async function* csvParts(
  first: CsvRecord[],
  records: AsyncGenerator<CsvRecord[]>,
  { header, style }: { header: readonly string[]; style: CellStyle },
  resume: ResumeAt,
  { maxColumns }: RowLimits,
  onBroken?: (error: CsvError, endByte: number) => never,
): AsyncGenerator<RowPart> {
  let row = resume.rows;
  let end = resume.endByte;
  const toPart = (some: CsvRecord[]): RowPart => {
    const rows = some.map((record) => {
      const { cells, bad } = record;
      const read = csvRow(++row, record, header, style, maxColumns);
      return bad ? { row, raw: safeJson(cells), fault: badBytes(bad.bytes, bad.at) } : read;
    });
    const ends = some.map(({ endByte }) => resume.endByte + endByte);
    end = ends.at(-1) ?? end;
    return partOf(rows, ends);
  };
  yield toPart(first);
  try {
    for await (const some of records) yield toPart(some);
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    onBroken?.(error, end);
    const detail = `${csvFault(error)}: nothing from this row on could be read`;
    // Resuming after this row finds nothing more. Otherwise it would be counted again.
    yield partOf([{ row: row + 1, raw: "", fault: { code: "invalid_row", detail } }], [Number.MAX_SAFE_INTEGER]);
  }
}

const NEWLINE = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/** The length of a line without its line end. */
function lengthOf(piece: Buffer, at: number, next: number): number {
  if (piece[next - 1] !== NEWLINE) return next - at;
  return next - at - (next - at > 1 && piece[next - 2] === CARRIAGE_RETURN ? 2 : 1);
}

export async function* ndjsonParts(
  bytes: AsyncIterable<Buffer>,
  resume: ResumeAt,
  limits: RowLimits,
): AsyncGenerator<RowPart> {
  const { maxRowBytes } = limits;
  let row = resume.rows;
  let end = resume.endByte;
  // True in the rest of a line that was too long already.
  let isSkipping = false;
  const longRow = (): SentRow => ({ row: ++row, raw: "", fault: tooLong(maxRowBytes) });
  for await (const { bytes: piece, whole } of wholeLines(bytes, maxRowBytes)) {
    const rows: SentRow[] = [];
    const ends: number[] = [];
    const isText = isUtf8(piece);
    for (let at = 0; at < piece.length; ) {
      if (piece[at] === NEWLINE && !isSkipping) {
        at++;
        end++;
        continue;
      }
      const newline = piece.indexOf(NEWLINE, at);
      const next = newline < 0 ? piece.length : newline + 1;
      const isLong: boolean = isSkipping || lengthOf(piece, at, next) > maxRowBytes;
      const line = isLong ? "" : lineFrom(piece.toString("utf8", at, next), end === 0);
      const fault =
        (line.length > PIECE_BYTES ? faultOf(piece.subarray(at, next), limits) : undefined) ??
        (isText || isLong ? undefined : textFault(piece.subarray(at, next), end));
      end += next - at;
      at = next;
      const isEnd = newline >= 0 || whole;
      if (isLong && isEnd) rows.push(longRow());
      else if (fault) rows.push(memberRow(++row, undefined, undefined, line, fault));
      else if (line !== "") rows.push(ndjsonRow(++row, line));
      if (rows.length > ends.length) ends.push(end);
      isSkipping = isLong && !isEnd;
    }
    yield partOf(rows, ends);
  }
  // The stream ended within a line that was too long.
  if (isSkipping) yield partOf([longRow()], [end]);
}

/** @param start where the line begins in the payload */
function textFault(line: Buffer, start: number): Fault | undefined {
  const at = firstBadByte(line);
  return at < 0 ? undefined : badBytes(shownBytes(line, at), start + at);
}

/** The reason why a long line is not parsed. Undefined: it is parsed. */
function faultOf(line: Buffer, limits: RowLimits): Fault | undefined {
  const scanner = new JsonScanner();
  scanner.scan(
    line,
    line.findIndex((byte) => !isBlank(byte)),
  );
  return scanner.fault(limits);
}

export async function* jsonParts(
  bytes: AsyncIterable<Buffer>,
  resume: ResumeAt,
  limits: RowLimits,
  columns?: ArrayColumns,
): AsyncGenerator<RowPart> {
  const reader = new JsonReader(limits, resume, columns);
  for await (const chunk of bytes) {
    for (let at = 0; at < chunk.length; at += PIECE_BYTES) {
      yield reader.read(chunk.subarray(at, at + PIECE_BYTES));
      while (reader.isBehind) yield reader.read();
    }
  }
  yield reader.end();
}
