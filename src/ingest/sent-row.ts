import { AppError } from "../errors.ts";
import type { Fault } from "../point.ts";

/** One row as it was sent: its fields, or why it has none. Rows count from 1 and do not count a CSV's header. */
export type SentRow = { row: number; raw: string } & ({ record: Record<string, unknown> } | { fault: Fault });

export interface SentRows {
  form: Form;
  /** The header of a CSV; for JSON the fields of the first rows. */
  fields: string[];
  rows: SentRow[];
}

/** A row of a CSV; as a record only where somebody asks, since most rows never need to be one. */
export class CsvRow {
  readonly raw = "";
  readonly row: number;
  readonly cells: readonly string[];
  readonly #header: readonly string[];

  constructor(row: number, cells: readonly string[], header: readonly string[]) {
    this.row = row;
    this.cells = cells;
    this.#header = header;
  }

  get record(): Record<string, unknown> {
    return Object.fromEntries(this.#header.map((name, i) => [name, this.cells[i]]));
  }
}

/** Each row costs memory, a rejected one more than it weighs: 32 MB of `0,` would take all there is. */
export const MAX_ROWS = 200_000;

/** A longer row of a stream is rejected, and never held whole. */
export const MAX_ROW_BYTES = 4 * 1024 * 1024;

export type Form = "json" | "ndjson" | "csv";

/** @throws AppError body_too_large if there are more rows than may be held at once */
export function checkNumber(rows: number, maxRows: number): void {
  if (rows <= maxRows) return;
  throw new AppError("body_too_large", `The body holds more than ${maxRows} rows; send it in parts.`, {
    max_rows: maxRows,
  });
}

/** PostgreSQL stores neither NUL nor half of a surrogate pair. */
export const storable = (text: string) => text.toWellFormed().replaceAll("\0", "\uFFFD");
