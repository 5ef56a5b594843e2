import { AppError } from "../errors.ts";
import { parseJson } from "../json.ts";
import { shown } from "../point.ts";
import { csvRows } from "./csv-rows.ts";
import { checkNumber, type Form, MAX_ROWS, type SentRow, type SentRows, storable } from "./sent-row.ts";

/** The fields of so many JSON rows tell their mapping. */
const ROWS_LOOKED_AT = 100;

/**
 * Splits a body into rows. A body that is not of its form is refused whole; a bad line of NDJSON, an array member that is
 * no object and a CSV row of another length are faults of their rows.
 *
 * @throws AppError invalid_json, invalid_csv, invalid_body
 */
export function rowsFrom(body: string, contentType: string | undefined, maxRows = MAX_ROWS): SentRows {
  const form = formOf(body, contentType);
  return form === "csv"
    ? csvRows(body, maxRows)
    : form === "ndjson"
      ? ndjsonRows(body, maxRows)
      : jsonRows(body, maxRows);
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

export function jsonRows(body: string, maxRows: number): SentRows {
  const value = parseJson(body);
  if (typeof value !== "object" || value === null) {
    throw new AppError("invalid_body", `Expected a trip or an array of trips, but got ${shown(value)}.`);
  }
  const members = Array.isArray(value) ? value : [value];
  checkNumber(members.length, maxRows);
  return withFields(
    "json",
    members.map((member, i) => rowOf(i + 1, member, () => safeJson(member))),
  );
}

function ndjsonRows(body: string, maxRows: number): SentRows {
  const rows: SentRow[] = [];
  for (const line of linesOf(body)) {
    if (line.trim() === "") continue;
    const row = rows.length + 1;
    checkNumber(row, maxRows);
    rows.push(ndjsonRow(row, line.trim()));
  }
  return withFields("ndjson", rows);
}

/** A line that is not empty. */
export function ndjsonRow(row: number, line: string): SentRow {
  try {
    return rowOf(row, JSON.parse(line), () => line);
  } catch {
    const detail = `expected a JSON object on one line, but got ${shown(line)}`;
    return { row, raw: storable(line), fault: { code: "invalid_json", detail } };
  }
}

/** One line after the other: a body of nothing but line ends would make an array of millions. */
function* linesOf(body: string): Generator<string> {
  for (let start = 0; start <= body.length; ) {
    const end = body.indexOf("\n", start);
    yield body.slice(start, end < 0 ? body.length : end);
    start = end < 0 ? body.length + 1 : end + 1;
  }
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
  return { form, fields: fieldsOf(rows), rows };
}

/** The fields of the first JSON rows. */
export function fieldsOf(rows: readonly SentRow[]): string[] {
  const fields = rows.slice(0, ROWS_LOOKED_AT).flatMap((row) => ("record" in row ? Object.keys(row.record) : []));
  return [...new Set(fields)];
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
