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

/** Each row costs memory, a rejected one more than it weighs: 32 MB of `0,` would take all there is. */
export const MAX_ROWS = 200_000;

export type Form = "json" | "ndjson" | "csv";

/** @throws AppError body_too_large if there are more rows than one request may bring */
export function checkNumber(rows: number): void {
  if (rows <= MAX_ROWS) return;
  throw new AppError("body_too_large", `The body holds more than ${MAX_ROWS} rows; send it in parts.`, {
    max_rows: MAX_ROWS,
  });
}

/** PostgreSQL stores neither NUL nor half of a surrogate pair. */
export const storable = (text: string) => text.toWellFormed().replaceAll("\0", "\uFFFD");
