import { CsvError, parse } from "csv-parse/sync";
import { AppError } from "../errors.ts";
import { parseJson } from "../json.ts";
import { type Fault, shown } from "../point.ts";

/** One row as it was sent: its fields, or why it has none. Rows count from 1 and do not count a CSV's header. */
export type SentRow = { row: number; raw: string } & ({ record: Record<string, unknown> } | { fault: Fault });

export interface SentRows {
  form: Form;
  /** The header of a CSV; for JSON the fields of the first rows. */
  fields: string[];
  rows: SentRow[];
}

/** Each row costs memory, a rejected one more than it weighs: 32 MB of `0,` would take all there is. */
const MAX_ROWS = 200_000;
const MAX_COLUMNS = 1000;
/** The fields of so many JSON rows tell their mapping. */
const ROWS_LOOKED_AT = 100;

export type Form = "json" | "ndjson" | "csv";

/**
 * Splits a body into rows. A body that is not of its form is refused whole; a bad line of NDJSON, an array member that is
 * no object and a CSV row of another length are faults of their rows.
 *
 * @throws AppError invalid_json, invalid_csv, invalid_body
 */
export function rowsFrom(body: string, contentType: string | undefined): SentRows {
  const form = formOf(body, contentType);
  return form === "csv" ? csvRows(body) : form === "ndjson" ? ndjsonRows(body) : jsonRows(body);
}

/** By the content type where it says something; clients that send a file often give none, or curl's own default. */
export function formOf(body: string, contentType: string | undefined): Form {
  const type = contentType?.split(";")[0]?.trim().toLowerCase() ?? "";
  if (/[/+](x-ndjson|ndjson|jsonl|jsonlines|x-jsonlines|json-seq)$/.test(type)) return "ndjson";
  if (/[/+]json$/.test(type)) return "json";
  if (/\/(csv|x-csv)$/.test(type)) return "csv";
  if (!/^\s*[{[]/.test(body)) return "csv";
  return isWholeObject(body.trimStart().split("\n", 1)[0] ?? "") && body.trim().includes("\n") ? "ndjson" : "json";
}

function isWholeObject(line: string): boolean {
  try {
    return line.startsWith("{") && typeof JSON.parse(line) === "object";
  } catch {
    return false;
  }
}

function jsonRows(body: string): SentRows {
  const value = parseJson(body);
  if (typeof value !== "object" || value === null) {
    throw new AppError("invalid_body", `Expected a trip or an array of trips, but got ${shown(value)}.`);
  }
  const members = Array.isArray(value) ? value : [value];
  checkNumber(members.length);
  return withFields(
    "json",
    members.map((member, i) => rowOf(i + 1, member, () => safeJson(member))),
  );
}

function ndjsonRows(body: string): SentRows {
  const rows: SentRow[] = [];
  for (const line of linesOf(body)) {
    if (line.trim() === "") continue;
    const row = rows.length + 1;
    checkNumber(row);
    try {
      rows.push(rowOf(row, JSON.parse(line), () => line.trim()));
    } catch {
      const detail = `expected a JSON object on one line, but got ${shown(line.trim())}`;
      rows.push({ row, raw: storable(line.trim()), fault: { code: "invalid_json", detail } });
    }
  }
  return withFields("ndjson", rows);
}

/** One line after the other: a body of nothing but line ends would make an array of millions. */
function* linesOf(body: string): Generator<string> {
  for (let start = 0; start <= body.length; ) {
    const end = body.indexOf("\n", start);
    yield body.slice(start, end < 0 ? body.length : end);
    start = end < 0 ? body.length + 1 : end + 1;
  }
}

function checkNumber(rows: number): void {
  if (rows <= MAX_ROWS) return;
  throw new AppError("body_too_large", `The body holds more than ${MAX_ROWS} rows; send it in parts.`, {
    max_rows: MAX_ROWS,
  });
}

function rowOf(row: number, value: unknown, raw: () => string): SentRow {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return { row, raw: "", record: value as Record<string, unknown> };
  }
  return {
    row,
    raw: storable(raw()),
    fault: { code: "invalid_row", detail: `expected an object, but got ${safeShown(value)}` },
  };
}

function withFields(form: Form, rows: SentRow[]): SentRows {
  const fields = new Set(
    rows.slice(0, ROWS_LOOKED_AT).flatMap((row) => ("record" in row ? Object.keys(row.record) : [])),
  );
  return { form, fields: [...fields], rows };
}

function csvRows(body: string): SentRows {
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
    throw new AppError("invalid_csv", `The body is not CSV: ${csvReason(error.code)} at line ${line}.`, { line });
  }
}

function csvReason(code: string): string {
  if (code === "CSV_QUOTE_NOT_CLOSED") return "a quote is opened and never closed";
  if (code === "CSV_INVALID_CLOSING_QUOTE") return "there is text after a closing quote";
  if (code === "INVALID_OPENING_QUOTE") return "there is a quote inside a value that is not quoted";
  return "it cannot be read";
}

/** The row as JSON text; one nested too deeply for that is named instead. */
export function safeJson(value: unknown): string {
  try {
    return storable(JSON.stringify(value));
  } catch {
    return '"(nested too deeply to be kept)"';
  }
}

const safeShown = (value: unknown) =>
  typeof value === "object" ? (Array.isArray(value) ? "an array" : "null") : shown(value);

/** PostgreSQL stores neither NUL nor half of a surrogate pair. */
const storable = (text: string) => text.toWellFormed().replaceAll("\0", "\uFFFD");
