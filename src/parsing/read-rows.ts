import { isUtf8 } from "node:buffer";
import { AppError } from "../errors.ts";
import { checkFeaturesCrs } from "../geo/features-crs.ts";
import { hasTakenLong, nextTurn } from "../kit/event-loop.ts";
import type { Form } from "../mappings/mapping.ts";
import { createBlankCheck } from "../text/blank-run.ts";
import { charsetOf, wholeToUtf8 } from "../text/charset.ts";
import { type CsvShape, csvShapeOf } from "../text/csv-shape.ts";
import { type ArrayColumns, jsonRowsIn, rowsText } from "../text/json-rows.ts";
import { formatOf, type Reading } from "../text/text-format.ts";
import { csvFault } from "./csv-rows.ts";
import { BrokenJson, located } from "./json-fault.ts";
import { decode } from "./read-body.ts";
import { PIECE_BYTES, type RowLimits } from "./row-limits.ts";
import type { RowPart } from "./row-part.ts";
import { FROM_START, jsonParts, ndjsonParts } from "./row-parts.ts";
import { fieldsOf, formOf, rowsFrom } from "./rows.ts";
import { checkNumber, type SentRow, type SentRows } from "./sent-row.ts";
import { csvRowParts } from "./stream-rows.ts";

/**
 * Reads the rows of a body that is held whole. A body that does not match its form is refused as a whole. A large body
 * is read in slices, so other requests are answered in between.
 *
 * @param reading what is known of the text; a charset that is not given is found by looking
 * @throws AppError invalid_encoding, invalid_json, invalid_csv, invalid_body; body_too_large for more than `maxRows`
 */
export async function readRows(
  body: Buffer,
  contentType: string | undefined,
  maxRows: number,
  limits: RowLimits,
  reading: Reading = {},
): Promise<SentRows> {
  const charset = charsetOf(body, reading.charset);
  const text = wholeToUtf8(body, charset);
  const form = formOf(text.toString("utf8", 0, PIECE_BYTES).replace(/^\uFEFF/, ""), contentType);
  const where = form === "json" ? jsonRowsIn(text, reading) : undefined;
  if (where?.path === "features") checkFeaturesCrs(text.toString("utf8", 0, text.indexOf(FEATURES) + FEATURES.length));
  const rows = where?.path === undefined ? text : await collected(rowsText(asStream(text), where));
  const read = await rowsOf(rows, form, maxRows, limits, reading.hasHeader, where?.columns);
  return { ...read, format: formatOf(charset, read.shape, where?.path) };
}

const FEATURES = '"features"';

async function collected(bytes: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of bytes) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function rowsOf(
  body: Buffer,
  form: Form,
  maxRows: number,
  limits: RowLimits,
  hasHeader = true,
  columns?: ArrayColumns,
): Promise<SentRows> {
  if (body.length <= Math.min(PIECE_BYTES, limits.maxRowBytes) && isUtf8(body)) {
    return rowsFrom(decode(body), form, maxRows, limits, hasHeader, columns);
  }
  createBlankCheck().add(body);
  const { header, shape, parts } = await partsOf(form, body, limits, hasHeader, columns);
  const rows: SentRow[] = [];
  try {
    for await (const part of parts) {
      for (const row of part.rows) rows.push(row);
      checkNumber(rows.length, maxRows);
      if (hasTakenLong()) await nextTurn();
    }
  } catch (error) {
    throw error instanceof BrokenJson ? await located(error, piecesOf(body)) : error;
  }
  return { form, fields: header ?? fieldsOf(rows), rows, ...(shape ? { shape } : {}) };
}

async function partsOf(
  form: Form,
  body: Buffer,
  limits: RowLimits,
  hasHeader: boolean,
  columns: ArrayColumns | undefined,
): Promise<{ header?: string[]; shape?: CsvShape; parts: AsyncGenerator<RowPart> }> {
  const pieces = asStream(body);
  if (form === "ndjson") return { parts: ndjsonParts(pieces, FROM_START, limits) };
  if (form === "json") return { parts: jsonParts(pieces, FROM_START, limits, columns) };
  const shape = csvShapeOf(body.toString("utf8", 0, PIECE_BYTES).replace(/^\uFEFF/, ""), body.length <= PIECE_BYTES);
  const known = { shape, hasHeader };
  const { header, parts } = await csvRowParts(pieces, known, FROM_START, limits, (error, endByte) => {
    // An unclosed quote reaches to the end of the body. Its intended end is unknown.
    const upTo = error.code === "CSV_QUOTE_NOT_CLOSED" ? body.length : endByte + 1;
    const line = linesIn(body, upTo);
    throw new AppError("invalid_csv", `The body is not CSV: ${csvFault(error)} at line ${line}.`, { line });
  });
  return { header, shape, parts };
}

function* piecesOf(body: Buffer): Generator<Buffer> {
  for (let at = 0; at < body.length; at += PIECE_BYTES) yield body.subarray(at, at + PIECE_BYTES);
}

async function* asStream(body: Buffer): AsyncGenerator<Buffer> {
  yield* piecesOf(body);
}

const NEWLINE = 0x0a;

/** Counts the lines up to a byte. A last line end starts no further line. */
function linesIn(body: Buffer, end: number): number {
  let lines = 1;
  for (let at = body.indexOf(NEWLINE); at >= 0 && at < end - 1; at = body.indexOf(NEWLINE, at + 1)) lines++;
  return lines;
}
