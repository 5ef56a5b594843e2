import { CsvError, parse } from "csv-parse/sync";
import { AppError } from "../errors.ts";
import { shown } from "../point.ts";
import { cellsOfLines } from "./csv-line.ts";
import { CsvRow, checkNumber, type SentRow, type SentRows, storable } from "./sent-row.ts";

const MAX_COLUMNS = 1000;

/** How CSV is read, whole or as a stream. */
export const CSV_OPTIONS = {
  bom: true,
  relax_column_count: true,
  relax_quotes: true,
  skip_empty_lines: true,
  record_delimiter: ["\r\n", "\n", "\r"],
};

/**
 * The rows of a CSV with a header. A row of another length than the header is a fault of that row.
 *
 * @throws AppError invalid_csv if it cannot be read at all or its header is unusable; body_too_large
 */
export function csvRows(body: string, maxRows: number): SentRows {
  const lines = parseCsv(body, maxRows);
  checkNumber(lines.length - 1, maxRows);
  const header = headerOf(lines.shift());
  return { form: "csv", fields: header, rows: lines.map((cells, i) => csvRow(i + 1, cells, header)) };
}

/** @throws AppError invalid_csv if the columns cannot be told apart, or are none or too many */
export function headerOf(cells: readonly string[] | undefined): string[] {
  const header = (cells ?? []).map((name) => name.trim());
  if (header.length === 0) throw new AppError("invalid_csv", "The CSV is empty; expected a header and rows.");
  if (header.length > MAX_COLUMNS) {
    throw new AppError("invalid_csv", `The CSV has ${header.length} columns; at most ${MAX_COLUMNS} are allowed.`);
  }
  const names = new Set<string>();
  for (const name of header) {
    if (names.has(name)) throw new AppError("invalid_csv", `The CSV's header names the column ${shown(name)} twice.`);
    if (name.includes("\0")) {
      throw new AppError("invalid_csv", `The CSV's header holds a NUL character: ${shown(name)}.`);
    }
    names.add(name);
  }
  return header;
}

export function csvRow(row: number, cells: readonly string[], header: readonly string[]): SentRow {
  if (cells.length === header.length) return new CsvRow(row, cells, header);
  const detail = `expected ${header.length} columns as in the header, but got ${cells.length}`;
  return { row, raw: storable(JSON.stringify(cells)), fault: { code: "invalid_row", detail } };
}

function parseCsv(body: string, maxRows: number): string[][] {
  // The header, as many rows as are allowed, and one that tells that there are more.
  const max = maxRows + 2;
  const cut = cellsOfLines(body.replace(/^\uFEFF/, ""), max);
  if (cut) return cut;
  try {
    return parse(body, { ...CSV_OPTIONS, to: max });
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    const line = Number(error.lines ?? 1);
    throw new AppError("invalid_csv", `The body is not CSV: ${csvFault(error)} at line ${line}.`, { line });
  }
}

/** What is wrong with a CSV, in words for its sender. */
export function csvFault(error: CsvError): string {
  if (error.code === "CSV_QUOTE_NOT_CLOSED") return "a quote is opened and never closed";
  return error.code === "CSV_MAX_RECORD_SIZE" ? "a row is too long" : "it cannot be read";
}
