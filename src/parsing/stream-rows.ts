import { CsvError } from "csv-parse";
import { AppError } from "../errors.ts";
import { checkFeaturesCrs } from "../geo/features-crs.ts";
import { hasTakenLong, nextTurn } from "../kit/event-loop.ts";
import type { Form } from "../mappings/mapping.ts";
import { toUtf8 } from "../text/charset.ts";
import { type CsvRecord, csvRecords } from "../text/csv-records.ts";
import { type CsvShape, csvShapeOf, isSeparatorLine, PLAIN_SHAPE } from "../text/csv-shape.ts";
import { BY_POSITION, peekRows, rowsText } from "../text/json-rows.ts";
import { type Peeked, peek, skipping } from "../text/peek.ts";
import { formatOf, isConverted, type Reading, type TextFormat } from "../text/text-format.ts";
import { csvFault, headerOf, positionsOf } from "./csv-rows.ts";
import { badBytes } from "./row-faults.ts";
import { ROW_LIMITS, type RowLimits } from "./row-limits.ts";
import type { RowPart } from "./row-part.ts";
import { csvParts, FROM_START, jsonParts, ndjsonParts, type ResumeAt } from "./row-parts.ts";
import { fieldsOf, formOf } from "./rows.ts";
import type { SentRow } from "./sent-row.ts";

/**
 * The size of a block. Without this limit, rows of up to 4 MB each would be held by the thousand. A block holds about
 * 5,000 usual rows. Its rows take less than a quarter of the room for rows, whatever they hold.
 */
export const BLOCK_BYTES = 1024 * 1024;

/**
 * Rows in order, and the end of the last one in the unpacked payload. A block has at least one row. It ends when it
 * reaches the limit of rows or of bytes, counted from its own start. Reading from the end of one block gives the blocks
 * that would have followed it.
 */
export interface RowBlock {
  rows: SentRow[];
  endByte: number;
  /** Its length in the payload. */
  bytes: number;
}

export interface RowStream {
  form: Form;
  /** The header of a CSV. */
  header: string[] | undefined;
  /** For JSON the fields of the first rows. */
  fields: string[];
  blocks: AsyncGenerator<RowBlock>;
  format: TextFormat;
}

/** The known properties of a payload that is resumed. */
export interface KnownStream {
  form: Form;
  header: string[] | undefined;
  resume: ResumeAt;
  format?: TextFormat;
}

/** The form of a payload. Only its head is read. */
export async function formAtStart(
  bytes: AsyncGenerator<Buffer>,
  contentType: string | undefined,
  charset?: string,
): Promise<Form> {
  try {
    return formOfHead((await peek(charset === undefined ? bytes : toUtf8(bytes, charset))).head, contentType);
  } finally {
    await bytes.return(undefined);
  }
}

/** The head may end within a character. This does not affect the form. */
const formOfHead = (head: Buffer, contentType: string | undefined): Form =>
  formOf(head.toString("utf8").replace(/^\uFEFF/, ""), contentType);

/**
 * Splits an unpacked payload into blocks of rows, and holds no more of it than a block.
 *
 * @param bytes the whole payload; or the part after `resume.endByte`, unless its format is converted
 * @param reading what is known of the text from elsewhere
 * @throws AppError invalid_csv if the header is unusable; invalid_json at the place where the JSON breaks
 */
export async function streamRows(
  bytes: AsyncIterable<Buffer>,
  contentType: string | undefined,
  rowsABlock: number,
  known?: KnownStream,
  bytesABlock = BLOCK_BYTES,
  rowLimits: RowLimits = ROW_LIMITS,
  reading: Reading = {},
): Promise<RowStream> {
  const charset = known?.format?.charset ?? reading.charset;
  const peeked = await peek(charset === undefined ? bytes : toUtf8(bytes, charset));
  const { head, all, isWhole } = peeked;
  const form = known?.form ?? formOfHead(head, contentType);
  const resume = known?.resume ?? FROM_START;
  const limits = { rows: rowsABlock, bytes: bytesABlock };
  if (form === "csv") {
    const shape = known ? shapeOf(known.format) : csvShapeOf(head.toString("utf8").replace(/^\uFEFF/, ""), isWhole);
    const format = formatOf(charset, shape);
    const text = resumed(all, resume, format);
    const how = { shape, header: known?.header, hasHeader: reading.hasHeader };
    const { header, parts } = await csvRowParts(text, how, resume, rowLimits);
    return { form, header, fields: header, format, blocks: blocksOf(parts, resume.endByte, limits) };
  }
  const { where, ...whole } =
    form === "json" ? await rowsWhere(peeked, known, reading) : { ...peeked, where: undefined };
  if (where?.path === "features") checkFeaturesCrs(whole.head.toString("utf8"));
  const format = formatOf(charset, undefined, where?.path);
  const text = resumed(where ? rowsText(whole.all, where) : whole.all, resume, format);
  const parts = where ? jsonParts(text, resume, rowLimits, where.columns) : ndjsonParts(text, resume, rowLimits);
  const blocks = blocksOf(parts, resume.endByte, limits);
  const first = await blocks.next();
  const fields = fieldsOf(first.value?.rows ?? []);
  return { form, header: undefined, fields, format, blocks: withFirst(first, blocks) };
}

/** The place of the rows. If it was found before, it is not looked for again. */
const rowsWhere = async (peeked: Peeked, known: KnownStream | undefined, reading: Reading) =>
  known && known.format?.rows === undefined
    ? { ...peeked, where: { path: undefined, columns: reading.hasHeader === false ? BY_POSITION : undefined } }
    : peekRows(peeked, known ? { ...reading, rows: known.format?.rows } : reading);

const shapeOf = ({ delimiter = ",", ...more }: TextFormat = {}): CsvShape => ({ delimiter, ...more });

/** A converted text is made again from its start, and what was read of it before is skipped. */
const resumed = (text: AsyncIterable<Buffer>, resume: ResumeAt, format: TextFormat): AsyncIterable<Buffer> =>
  isConverted(format) && resume.endByte > 0 ? skipping(text, resume.endByte) : text;

/** The rows of JSON as they pass, in the text that `streamRows` would read. */
export async function* jsonRowParts(
  bytes: AsyncIterable<Buffer>,
  reading: Reading,
  limits: RowLimits,
): AsyncGenerator<RowPart> {
  const text = reading.charset === undefined ? bytes : toUtf8(bytes, reading.charset);
  const { all, where } = await peekRows(await peek(text), reading);
  yield* jsonParts(rowsText(all, where), FROM_START, limits, where.columns);
}

/** How a CSV is read. */
interface CsvReading {
  shape?: CsvShape | undefined;
  /** Undefined: the header is read first. */
  header?: string[] | undefined;
  hasHeader?: boolean | undefined;
}

/**
 * Reads the header of a CSV, and then its rows.
 *
 * @throws AppError invalid_csv if the header is unusable
 */
export async function csvRowParts(
  bytes: AsyncIterable<Buffer>,
  { shape = PLAIN_SHAPE, header: known, hasHeader = true }: CsvReading,
  resume: ResumeAt,
  limits: RowLimits,
  onBroken?: (error: CsvError, endByte: number) => never,
): Promise<{ header: string[]; parts: AsyncGenerator<RowPart> }> {
  const records = csvRecords(bytes, { isStart: resume.endByte === 0, start: resume.endByte, style: shape, limits });
  let first = known ? [] : await firstRecords(records, (shape.titles ?? 0) + 1);
  if (isSeparatorLine(first[0]?.cells)) first.shift();
  else if (!known) first = first.slice(shape.titles ?? 0);
  if (!known && first.length === 0) first = await firstRecords(records, 1);
  const header =
    known ?? (hasHeader ? headerFrom(first.shift(), limits) : positionsOf(first[0]?.cells, limits.maxColumns));
  return { header, parts: csvParts(first, records, { header, style: shape }, resume, limits, onBroken) };
}

function headerFrom(record: CsvRecord | undefined, { maxColumns }: RowLimits): string[] {
  const header = headerOf(record?.cells, maxColumns);
  if (!record?.bad) return header;
  throw new AppError(
    "invalid_encoding",
    `The CSV's header cannot be read: ${badBytes(record.bad.bytes, record.bad.at).detail}.`,
  );
}

async function* withFirst<T>(first: IteratorResult<T>, rest: AsyncGenerator<T>): AsyncGenerator<T> {
  if (first.done) return;
  yield first.value;
  yield* rest;
}

async function* blocksOf(
  parts: AsyncGenerator<RowPart>,
  from: number,
  limits: { rows: number; bytes: number },
): AsyncGenerator<RowBlock> {
  let start = from;
  let block: RowBlock = { rows: [], endByte: from, bytes: 0 };
  const add = (row: SentRow, endByte: number) => {
    block.rows.push(row);
    block.endByte = endByte;
    block.bytes = endByte - start;
  };
  for await (const part of parts) {
    if (hasTakenLong()) await nextTurn();
    if (part.rows.length === 0) continue;
    if (block.rows.length + part.rows.length < limits.rows && part.end - start < limits.bytes) {
      for (const row of part.rows) block.rows.push(row);
      block.endByte = part.end;
      block.bytes = part.end - start;
      continue;
    }
    const ends = part.ends();
    for (const [i, row] of part.rows.entries()) {
      add(row, ends[i] ?? part.end);
      if (block.rows.length < limits.rows && block.bytes < limits.bytes) continue;
      yield block;
      start = block.endByte;
      block = { rows: [], endByte: start, bytes: 0 };
    }
  }
  if (block.rows.length > 0) yield block;
}

/** The first records, and those that came with them. */
async function firstRecords(records: AsyncGenerator<CsvRecord[]>, count: number): Promise<CsvRecord[]> {
  const first: CsvRecord[] = [];
  try {
    for (let next = await records.next(); !next.done; next = await records.next()) {
      first.push(...next.value);
      if (first.length >= count) break;
    }
    return first;
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw new AppError("invalid_csv", `The body is not CSV: ${csvFault(error)} in its header.`, { line: 1 });
  }
}
