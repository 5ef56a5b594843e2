import { OUR_COLUMNS, prefixBeside, prefixIn, type RowContent } from "../batches/rejects.ts";
import { AppError } from "../errors.ts";
import type { Fault } from "../kit/parsed.ts";
import { shown } from "../kit/shown.ts";
import type { SentRow, SentRows } from "../parsing/sent-row.ts";
import { withoutGuard } from "../text/csv-out.ts";

/** A row of a mended file: the number of the batch row that it mends, and its content beside our own columns. */
export interface MendedRow {
  row: number;
  content: RowContent;
  /** Columns that a CSV row should have had beside ours. */
  expectedCells: number;
}

/**
 * Reads the rows of a mended file. Our column `row`, which may be called `tripgrid_row`, identifies each.
 *
 * @param columns the header of the batch, if it came as CSV: no column of the sender's own is taken for ours
 * @throws AppError invalid_csv or invalid_body if a row of the file does not say which row it mends, or two say the
 * same
 */
export function mendedRows(sent: SentRows, columns: readonly string[] | undefined): MendedRow[] {
  const rows = sent.form === "csv" ? csvRows(unguarded(sent), columns) : sent.rows.map((row) => jsonRow(row, columns));
  const seen = new Map<number, number>();
  for (const [i, { row }] of rows.entries()) {
    const before = seen.get(row);
    if (before !== undefined) {
      throw refused(sent.form, "row", `row ${row} stands twice in the file, in its records ${before} and ${i + 1}`);
    }
    seen.set(row, i + 1);
  }
  return rows;
}

/**
 * Removes the guards of a CSV. Rejected rows are given out with an apostrophe before text that a spreadsheet would run,
 * in the header too.
 */
function unguarded(sent: SentRows): SentRows {
  const plain = (cell: unknown) => (typeof cell === "string" ? withoutGuard(cell) : cell);
  const rows = sent.rows.map((one): SentRow => {
    if ("fault" in one) return { ...one, raw: JSON.stringify((JSON.parse(one.raw) as unknown[]).map(plain)) };
    const entries = Object.entries(one.record).map(([name, cell]) => [withoutGuard(name), plain(cell)]);
    return { row: one.row, raw: one.raw, record: Object.fromEntries(entries) };
  });
  return { ...sent, fields: sent.fields.map(withoutGuard), rows };
}

function csvRows(sent: SentRows, columns: readonly string[] | undefined): MendedRow[] {
  const prefix = columns ? prefixBeside(columns) : (prefixIn(sent.fields) ?? "");
  const name = `${prefix}row`;
  const at = sent.fields.indexOf(name);
  if (at < 0) throw refused("csv", name, `expected a column ${name}, which says which row of the batch is mended`);
  const ours = new Set(ourNames(prefix));
  const isOurs = sent.fields.map((field) => ours.has(field));
  const expectedCells = isOurs.filter((is) => !is).length;
  return sent.rows.map((one) => {
    if ("record" in one) {
      const { record } = one;
      return { row: numberOf(record[name], name, one, "csv"), content: without(record, ours), expectedCells };
    }
    const cells = cellsIn(one);
    return {
      row: numberOf(cells[at], name, one, "csv"),
      content: { cells: cells.filter((_, i) => !isOurs[i]) },
      expectedCells,
    };
  });
}

/** The cells of a row with another number of cells than the header. A row that is too long is cut, so it holds none. */
function cellsIn(one: SentRow & { fault: Fault }): string[] {
  try {
    return JSON.parse(one.raw) as string[];
  } catch {
    throw refused("csv", "row", `record ${one.row} of the file: ${one.fault.detail}`);
  }
}

function jsonRow(one: SentRow, columns: readonly string[] | undefined): MendedRow {
  if ("fault" in one) throw refused("json", "row", `record ${one.row} of the file: ${one.fault.detail}`);
  const prefix = columns ? prefixBeside(columns) : (prefixIn(Object.keys(one.record)) ?? "");
  const name = `${prefix}row`;
  const row = numberOf(Object.hasOwn(one.record, name) ? one.record[name] : undefined, name, one, "json");
  return { row, content: without(one.record, new Set(ourNames(prefix))), expectedCells: 0 };
}

const ourNames = (prefix: string) => OUR_COLUMNS.map((column) => prefix + column);

// Entries rather than assignments: a sender may name a column `__proto__`.
const without = (record: Record<string, unknown>, names: ReadonlySet<string>): RowContent => ({
  record: Object.fromEntries(Object.entries(record).filter(([name]) => !names.has(name))),
});

/** Spreadsheets may write whole numbers as `3.0`. */
function numberOf(value: unknown, name: string, one: SentRow, form: SentRows["form"]): number {
  const text = typeof value === "number" || typeof value === "string" ? String(value) : "";
  const row = /^\s*\d{1,10}(\.0*)?\s*$/.test(text) ? Number(text) : 0;
  if (row >= 1 && row < 2 ** 31) return row;
  const got = value === undefined || value === "" ? "there is nothing" : `got ${shown(value)}`;
  const detail = `expected the number of the row that is mended, but ${got} in record ${one.row} of the file`;
  throw refused(form, name, detail);
}

function refused(form: SentRows["form"], field: string, detail: string): AppError {
  return new AppError(form === "csv" ? "invalid_csv" : "invalid_body", `${field}: ${detail}`, {
    errors: [{ field, detail }],
  });
}
