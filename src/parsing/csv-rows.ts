import { CsvError, parse } from "csv-parse/sync";
import { AppError } from "../errors.ts";
import { shown } from "../kit/shown.ts";
import { type CellStyle, type CutRecord, cellsOfLines } from "../text/csv-line.ts";
import { optionsFor } from "../text/csv-records.ts";
import { type CsvShape, csvShapeOf, isSeparatorLine } from "../text/csv-shape.ts";
import { isDataRow } from "../text/no-header.ts";
import { kept, ROW_LIMITS, type RowLimits } from "./row-limits.ts";
import { CsvRow, checkNumber, type SentRow, type SentRows, storable } from "./sent-row.ts";

/**
 * Reads the rows of a CSV. A row with another number of cells than the header is faulty, but for surplus empty ones.
 *
 * @param hasHeader whether the first record names the columns; otherwise they are named `1`, `2` and so on
 * @throws AppError invalid_csv if the CSV is unreadable or its header is unusable; body_too_large
 */
export function csvRows(body: string, maxRows: number, limits: RowLimits, hasHeader = true): SentRows {
  const { maxColumns } = limits;
  const text = body.replace(/^\uFEFF/, "");
  const shape = csvShapeOf(text.slice(0, SHAPE_CHARACTERS), text.length <= SHAPE_CHARACTERS);
  const lines = parseCsv(text, maxRows, maxColumns, shape);
  if (isSeparatorLine(lines[0]?.cells)) lines.shift();
  else lines.splice(0, shape.titles ?? 0);
  checkNumber(lines.length - (hasHeader ? 1 : 0), maxRows);
  const header = hasHeader ? headerOf(lines.shift()?.cells, maxColumns) : positionsOf(lines[0]?.cells, maxColumns);
  const rows = lines.map((record, i) => csvRow(i + 1, record, header, shape, maxColumns));
  return { form: "csv", fields: header, rows, shape };
}

/** The shape of a CSV is found in this much of its beginning. */
const SHAPE_CHARACTERS = 64 * 1024;

/** The names of the columns of a CSV without a header: their positions, from `1` on. */
export function positionsOf(cells: readonly string[] | undefined, maxColumns: number): string[] {
  return headerOf(
    cells?.map((_, i) => `${i + 1}`),
    maxColumns,
  );
}

/**
 * @throws AppError invalid_csv if there are no columns, too many, two of the same name, or a name with a NUL character
 */
export function headerOf(cells: readonly string[] | undefined, maxColumns: number): string[] {
  if (cells === undefined || cells.length === 0) {
    throw new AppError("invalid_csv", "The CSV is empty; expected a header and rows.");
  }
  if (cells.length > maxColumns) {
    throw new AppError(
      "invalid_csv",
      `The CSV has more than ${maxColumns} columns, which is the most that is allowed.`,
    );
  }
  // A cell without a name gets one from its position. Spreadsheets write such cells behind the last column.
  const header = cells.map((name, i) => name.trim() || `column_${i + 1}`);
  const names = new Set<string>();
  for (const name of header) {
    if (names.has(name)) {
      const remedy =
        'Rename one, or name all by position, in a mapping with `"header": false` and the columns 1, 2, ….';
      throw new AppError("invalid_csv", `The CSV's header names the column ${shown(name)} twice. ${remedy}`);
    }
    if (name.includes("\0")) {
      throw new AppError("invalid_csv", `The CSV's header holds a NUL character: ${shown(name)}.`);
    }
    names.add(name);
  }
  if (isDataRow(cells)) {
    const detail = `The CSV has no header: its first row holds values, ${shown(cells.slice(0, 4).join(","))}.`;
    const remedy = 'Name its columns by position, in a mapping with `"header": false` and the columns 1, 2, ….';
    throw new AppError("invalid_csv", `${detail} ${remedy}`);
  }
  return header;
}

export function csvRow(
  row: number,
  { cells, line }: CutRecord,
  header: readonly string[],
  style: CellStyle,
  maxColumns = ROW_LIMITS.maxColumns,
): SentRow {
  if (cells.length === header.length) return new CsvRow(row, cells, header, line, style);
  const fitting = cells.length > maxColumns ? undefined : withoutSurplus(cells, header);
  if (fitting) return new CsvRow(row, fitting, header);
  const got = cells.length > maxColumns ? `more than ${maxColumns}` : cells.length;
  const detail = `expected ${header.length} columns as in the header, but got ${got}`;
  // The cells beyond the limit were dropped earlier.
  return { row, raw: storable(kept(JSON.stringify(cells))), fault: { code: "invalid_row", detail } };
}

/** The cells of a row, as many as the header has, if only empty ones are too many, or only nameless ones missing. */
function withoutSurplus(cells: readonly string[], header: readonly string[]): readonly string[] | undefined {
  if (cells.length > header.length) {
    for (let i = header.length; i < cells.length; i++) if (cells[i]?.trim() !== "") return undefined;
    return cells.slice(0, header.length);
  }
  for (let i = cells.length; i < header.length; i++) if (header[i] !== `column_${i + 1}`) return undefined;
  return [...cells, ...new Array<string>(header.length - cells.length).fill("")];
}

function parseCsv(body: string, maxRows: number, maxColumns: number, shape: CsvShape): CutRecord[] {
  // What stands before the rows, the allowed number of rows, and one row that shows there are more.
  const max = (shape.titles ?? 0) + maxRows + 2;
  const cut = cellsOfLines(body, max, maxColumns, shape);
  if (cut) return cut;
  try {
    const records: string[][] = parse(body, { ...optionsFor(shape), to: max });
    return records.map((cells) => ({ cells }));
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    const line = Number(error.lines ?? 1);
    throw new AppError("invalid_csv", `The body is not CSV: ${csvFault(error)} at line ${line}.`, { line });
  }
}

/** Describes the fault of a CSV for its sender. */
export function csvFault(error: CsvError): string {
  if (error.code === "CSV_QUOTE_NOT_CLOSED") return "a quote is opened and never closed";
  return error.code === "CSV_MAX_RECORD_SIZE" ? "a row is too long" : "it cannot be read";
}
