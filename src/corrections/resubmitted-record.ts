import { parse } from "csv-parse/sync";
import { cellOf, contentOf, type RowContent } from "../batches/rejects.ts";
import { pointFromAny } from "../geo/point.ts";
import type { Fault } from "../kit/parsed.ts";
import { shown } from "../kit/shown.ts";
import type { ColumnRule, ColumnType, Form, Mapping } from "../mappings/mapping.ts";
import { safeJson } from "../parsing/rows.ts";
import { storable } from "../parsing/sent-row.ts";
import type { MendedRow } from "./resubmitted-rows.ts";

/** A mended row in its sender's fields, or the reason why it has none and the text to keep. */
export type Readable = { record: Record<string, unknown> } | { fault: Fault; kept: string };

/**
 * Converts a mended row to the form of its batch, whatever form it was given back in. A CSV has only text. A JSON value
 * that was not text does not become text by passing through a CSV.
 *
 * @param before the record of the row as it was rejected
 * @param columns the header of the batch, if it came as CSV
 */
export function readable(
  { content, expectedCells }: MendedRow,
  form: Form,
  before: string,
  columns: readonly string[] | undefined,
  mapping: Mapping,
): Readable {
  const was = contentOf(before, columns !== undefined);
  const now = unpacked(content, was, columns);
  if ("cells" in now) {
    const detail = `expected ${columns?.length ?? expectedCells} columns as in the header, but got ${now.cells.length}`;
    return { fault: { code: "invalid_row", detail }, kept: safeJson(now.cells) };
  }
  if ("raw" in now) {
    const detail = `expected a JSON object, but got ${shown(now.raw)}`;
    return { fault: { code: "invalid_row", detail }, kept: storable(now.raw) };
  }
  // Entries rather than assignments: a sender may name a column `__proto__`.
  const entries = Object.entries(now.record);
  if (columns)
    return { record: Object.fromEntries(entries.map(([name, value]) => [name, text(value, ruleOf(mapping, name))])) };
  // A row that stood in a single cell as JSON has its types.
  if (form !== "csv" || !("record" in content)) return now;
  const typed = entries.flatMap(([name, cell]): [string, unknown][] => {
    const old = "record" in was && Object.hasOwn(was.record, name) ? was.record[name] : undefined;
    return cell === "" ? [] : [[name, value(String(cell), ruleOf(mapping, name)?.type ?? "any", old)]];
  });
  return { record: Object.fromEntries(typed) };
}

const ruleOf = (mapping: Mapping, column: string): ColumnRule | undefined =>
  Object.hasOwn(mapping.columns, column) ? mapping.columns[column] : undefined;

/**
 * Unpacks a row that was not a record. Such a row was given back as text: in the only cell after ours, or as `raw`.
 * That text may be mended, too.
 */
function unpacked(content: RowContent, was: RowContent, columns: readonly string[] | undefined): RowContent {
  if ("record" in was) return content;
  if ("cells" in content) {
    if (columns) return content;
    return contentOf(content.cells.length === 1 ? (content.cells[0] ?? "") : safeJson(content.cells), false);
  }
  const entries = "record" in content ? Object.entries(content.record) : [];
  const [name, raw] = entries[0] ?? [];
  if (entries.length !== 1 || name !== "raw" || typeof raw !== "string") return content;
  return columns ? csvLine(raw, columns) : contentOf(raw, false);
}

function csvLine(line: string, columns: readonly string[]): RowContent {
  let rows: string[][] = [];
  try {
    rows = parse(line, { relax_column_count: true, relax_quotes: true });
  } catch {
    // A quote that is never closed.
  }
  const cells = rows.length > 0 ? rows.flat() : [line];
  if (rows.length > 1 || cells.length !== columns.length) return { cells };
  return { record: Object.fromEntries(columns.map((column, i) => [column, cells[i]])) };
}

/** The cell of a CSV for a value. A point in JSON becomes WKT, unless its column has another known form. */
function text(value: unknown, rule: ColumnRule | undefined): string {
  const cell = cellOf(value);
  if (rule?.type !== "point" || !["any", "wkt"].includes(rule.form ?? "any")) return cell;
  const json = fromJson(cell);
  const point = typeof json === "object" ? pointFromAny(json) : undefined;
  return point?.ok ? `POINT (${point.value[0]} ${point.value[1]})` : cell;
}

const NUMBER = /^\s*[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?\s*$/i;

/** The JSON value of a cell, by the type of its column. If the mapping knows no type, the earlier value decides. */
function value(cell: string, type: ColumnType, old: unknown): unknown {
  if (type === "integer" || type === "number") return NUMBER.test(cell) ? Number(cell) : cell;
  if (type === "point" || type === "object") return fromJson(cell);
  const hadType = old !== undefined && old !== null && typeof old !== "string";
  return type === "any" && hadType ? fromJson(cell) : cell;
}

/** The value of a text that is JSON, or else the text itself. */
function fromJson(cell: string): unknown {
  try {
    return JSON.parse(cell);
  } catch {
    return cell;
  }
}
