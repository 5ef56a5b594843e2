import { AppError } from "../errors.ts";
import { parseJson } from "../kit/json.ts";
import type { Fault } from "../kit/parsed.ts";
import { shown } from "../kit/shown.ts";
import type { Form } from "../mappings/mapping.ts";
import { type ArrayColumns, recordOfArray } from "../text/json-rows.ts";
import { csvRows } from "./csv-rows.ts";
import { isBlank } from "./json-scanner.ts";
import { kept, MAX_KEPT, ROW_LIMITS, type RowLimits } from "./row-limits.ts";
import { checkNumber, MAX_ROWS, type SentRow, type SentRows, storable } from "./sent-row.ts";

/** The fields of this many JSON rows determine their mapping. */
const ROWS_LOOKED_AT = 100;

/**
 * Splits a body into rows. A body that does not match its form is refused as a whole. A bad line of NDJSON, an array
 * member that is not an object and a CSV row of another length are faults of their rows.
 *
 * @throws AppError invalid_json, invalid_csv, invalid_body
 */
export function rowsFrom(
  body: string,
  contentType: Form | (string & {}) | undefined,
  maxRows = MAX_ROWS,
  limits: RowLimits = ROW_LIMITS,
  hasHeader = true,
  columns?: ArrayColumns,
): SentRows {
  const form = isForm(contentType) ? contentType : formOf(body, contentType);
  return form === "csv"
    ? csvRows(body, maxRows, limits, hasHeader)
    : form === "ndjson"
      ? ndjsonRows(body, maxRows)
      : jsonRows(body, maxRows, columns);
}

const isForm = (type: string | undefined): type is Form => type === "json" || type === "ndjson" || type === "csv";

/**
 * Determines the form by the content type, or else by the body. Clients that send a file often give no content type, or
 * curl's default.
 */
export function formOf(body: string, contentType: string | undefined): Form {
  const type = contentType?.split(";")[0]?.trim().toLowerCase() ?? "";
  if (/[/+](x-ndjson|ndjson|jsonl|jsonlines|x-jsonlines|json-seq|geo\+json-seq)$/.test(type)) return "ndjson";
  if (/[/+]json$/.test(type)) return "json";
  if (/\/(csv|x-csv|tab-separated-values)$/.test(type)) return "csv";
  if (body.startsWith(SEQUENCE_MARK)) return "ndjson";
  if (!/^\s*[{[]/.test(body)) return "csv";
  return isWholeObject(body.trimStart().split("\n", 1)[0] ?? "") && body.trim().includes("\n") ? "ndjson" : "json";
}

/** The character before each record of a JSON text sequence (RFC 7464). */
const SEQUENCE_MARK = "\x1e";

function isWholeObject(line: string): boolean {
  try {
    return line.startsWith("{") && typeof JSON.parse(line) === "object";
  } catch {
    return false;
  }
}

function jsonRows(body: string, maxRows: number, columns: ArrayColumns | undefined): SentRows {
  const value = parseJson(body);
  if (typeof value !== "object" || value === null) {
    throw new AppError("invalid_body", `Expected a trip or an array of trips, but got ${shown(value)}.`);
  }
  const members = Array.isArray(value) ? value : [value];
  checkNumber(members.length, maxRows);
  return withFields(
    "json",
    members.map((member, i) => memberRow(i + 1, member, columns)),
  );
}

/**
 * Creates the row of a JSON array member.
 *
 * @param columns names the members of a row that is an array. Undefined: such a row is rejected
 * @param text the member as sent. It is kept for a long row, so a rejected row is not serialized again
 * @param fault why it was not parsed
 */
export function memberRow(row: number, value: unknown, columns?: ArrayColumns, text = "", fault?: Fault): SentRow {
  const raw = text.length > MAX_KEPT ? storable(kept(text)) : "";
  if (fault) return { row, raw, fault };
  if (columns === undefined || !Array.isArray(value)) return rowOf(row, value, () => safeJson(value), raw);
  const record = recordOfArray(value, columns);
  if (record) return { row, raw, record };
  const detail = `expected ${columns.isExact ? "" : "at most "}${columns.names.length} members, one for each column, but got ${value.length}`;
  return { row, raw: raw || safeJson(value), fault: { code: "invalid_row", detail } };
}

function ndjsonRows(body: string, maxRows: number): SentRows {
  const rows: SentRow[] = [];
  let isFirst = true;
  for (const text of linesOf(body)) {
    const line = lineFrom(text, isFirst);
    isFirst = false;
    if (line === "") continue;
    const row = rows.length + 1;
    checkNumber(row, maxRows);
    rows.push(ndjsonRow(row, line));
  }
  return withFields("ndjson", rows);
}

/**
 * Trims the blanks around a line. Only JSON's blank characters are trimmed. A line of other spaces is a faulty row,
 * since a body of such lines would keep a worker busy without yielding a row. A byte order mark may stand before a row
 * and at the start of the body.
 */
export function lineFrom(text: string, isFirst: boolean): string {
  const line = trimBlank(text.startsWith(SEQUENCE_MARK) ? text.slice(1) : text);
  if (!line.startsWith("\uFEFF")) return line;
  const rest = trimBlank(line.slice(1));
  return rest === "" && !isFirst ? line : rest;
}

function trimBlank(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isBlank(text.charCodeAt(start))) start++;
  while (end > start && isBlank(text.charCodeAt(end - 1))) end--;
  return text.slice(start, end);
}

/** Reads a line that is not empty. */
export function ndjsonRow(row: number, line: string): SentRow {
  try {
    const raw = line.length > MAX_KEPT ? storable(kept(line)) : "";
    return rowOf(row, JSON.parse(line), () => line, raw);
  } catch {
    const detail = `expected a JSON object on one line, but got ${shown(line)}`;
    return { row, raw: storable(kept(line)), fault: { code: "invalid_json", detail } };
  }
}

/** Yields one line after the other. For a body of only line ends, an array would have millions of entries. */
function* linesOf(body: string): Generator<string> {
  for (let start = 0; start <= body.length; ) {
    const end = body.indexOf("\n", start);
    yield body.slice(start, end < 0 ? body.length : end);
    start = end < 0 ? body.length + 1 : end + 1;
  }
}

function rowOf(row: number, value: unknown, text: () => string, raw: string): SentRow {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return { row, raw, record: isFeature(value) ? recordOf(value) : (value as Record<string, unknown>) };
  }
  return {
    row,
    raw: raw || storable(kept(text())),
    fault: { code: "invalid_row", detail: `expected an object, but got ${safeShown(value)}` },
  };
}

interface Feature {
  type: "Feature";
  properties: object | null;
  geometry: object | null;
}

const isFeature = (value: object): value is Feature =>
  "type" in value && value.type === "Feature" && "geometry" in value && "properties" in value;

/** The record of a GeoJSON feature: its properties, and its geometry as a field of that name. */
function recordOf({ properties, geometry }: Feature): Record<string, unknown> {
  return { ...properties, ...(geometry === null ? {} : { geometry }) };
}

function withFields(form: Form, rows: SentRow[]): SentRows {
  return { form, fields: fieldsOf(rows), rows };
}

/**
 * The fields of the first JSON rows: of enough rows to have a thousand. A hundred rows with a thousand fields of their own
 * each took 5 s to compare with all mappings.
 */
export function fieldsOf(rows: readonly SentRow[]): string[] {
  const fields = new Set<string>();
  for (const row of rows.slice(0, ROWS_LOOKED_AT)) {
    if (!("record" in row)) continue;
    for (const name of Object.keys(row.record)) fields.add(name);
    if (fields.size > ROW_LIMITS.maxColumns) break;
  }
  return [...fields];
}

/** The row as JSON text of limited length. A placeholder replaces a row that is nested too deeply. */
export function safeJson(value: unknown): string {
  try {
    return storable(kept(JSON.stringify(value)));
  } catch {
    return '"(nested too deeply to be kept)"';
  }
}

const NAMELESS = 'an array, whose columns nothing names: use a mapping with `"header": false` and the columns 1, 2, …';

const safeShown = (value: unknown) =>
  typeof value === "object" ? (Array.isArray(value) ? NAMELESS : "null") : shown(value);
