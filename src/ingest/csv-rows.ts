import { CsvError, parse } from "csv-parse/sync";
import { AppError } from "../errors.ts";
import { shown } from "../point.ts";
import { checkNumber, MAX_ROWS, type SentRow, type SentRows, storable } from "./sent-row.ts";

const MAX_COLUMNS = 1000;

/**
 * The rows of a CSV with a header. A row of another length than the header is a fault of that row.
 *
 * @throws AppError invalid_csv if it cannot be read at all or its header is unusable; body_too_large
 */
export function csvRows(body: string): SentRows {
  const lines = parseCsv(body);
  checkNumber(lines.length - 1);
  const header = (lines.shift() ?? []).map((name) => name.trim());
  if (header.length === 0) throw new AppError("invalid_csv", "The CSV is empty; expected a header and rows.");
  if (header.length > MAX_COLUMNS) {
    throw new AppError("invalid_csv", `The CSV has ${header.length} columns; at most ${MAX_COLUMNS} are allowed.`);
  }
  const twice = header.find((name, i) => header.indexOf(name) !== i);
  if (twice !== undefined)
    throw new AppError("invalid_csv", `The CSV's header names the column ${shown(twice)} twice.`);
  const binary = header.find((name) => name.includes("\0"));
  if (binary !== undefined)
    throw new AppError("invalid_csv", `The CSV's header holds a NUL character: ${shown(binary)}.`);
  const rows = lines.map((cells, i): SentRow => {
    const row = i + 1;
    if (cells.length === header.length) {
      return { row, raw: "", record: Object.fromEntries(header.map((name, j) => [name, cells[j]])) };
    }
    const detail = `expected ${header.length} columns as in the header, but got ${cells.length}`;
    return { row, raw: storable(JSON.stringify(cells)), fault: { code: "invalid_row", detail } };
  });
  return { form: "csv", fields: header, rows };
}

function parseCsv(body: string): string[][] {
  try {
    return parse(body, {
      bom: true,
      relax_column_count: true,
      relax_quotes: true,
      skip_empty_lines: true,
      record_delimiter: ["\r\n", "\n", "\r"],
      // The header, as many rows as are allowed, and one that tells that there are more.
      to: MAX_ROWS + 2,
    });
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    const line = Number(error.lines ?? 1);
    const reason = error.code === "CSV_QUOTE_NOT_CLOSED" ? "a quote is opened and never closed" : "it cannot be read";
    throw new AppError("invalid_csv", `The body is not CSV: ${reason} at line ${line}.`, { line });
  }
}
