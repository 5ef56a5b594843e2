import { AppError } from "../errors.ts";
import type { Fault } from "../kit/parsed.ts";
import type { Form } from "../mappings/mapping.ts";
import { type CellStyle, cellsOfLine } from "../text/csv-line.ts";
import type { CsvShape } from "../text/csv-shape.ts";
import type { TextFormat } from "../text/text-format.ts";

/**
 * One row as sent: its fields, or why it has none. Rows count from 1, without a CSV's header. `raw` is the kept text of
 * a row without fields, and of a long row.
 */
export type SentRow = { row: number; raw: string } & ({ record: Record<string, unknown> } | { fault: Fault });

export interface SentRows {
  form: Form;
  /** The header of a CSV; for JSON the fields of the first rows. */
  fields: string[];
  rows: SentRow[];
  /** How the CSV is written. Undefined: the rows are JSON. */
  shape?: CsvShape;
  /** How the text is written. Undefined: as usual. */
  format?: TextFormat;
}

/** A row of a CSV. It becomes a record only on demand, since most rows never need to be one. */
export class CsvRow {
  readonly raw = "";
  readonly row: number;
  readonly #header: readonly string[];
  readonly #line: string | undefined;
  readonly #style: CellStyle | undefined;
  #cells: readonly string[] | undefined;

  /** @param line the line that the cells were cut from. Undefined: they cannot be cut again */
  constructor(row: number, cells: readonly string[], header: readonly string[], line?: string, style?: CellStyle) {
    this.row = row;
    this.#cells = cells;
    this.#header = header;
    this.#line = line;
    this.#style = style;
  }

  get cells(): readonly string[] {
    return this.#cells ?? cellsOfLine(this.#line ?? "", this.#header.length, this.#style) ?? [];
  }

  /**
   * Gives the cells back, which are cut again if they are asked for. While they were held until their batch was
   * committed, the garbage collector took 9 % of the processor time of posts of 5,000 rows for them.
   */
  release(): void {
    if (this.#line !== undefined) this.#cells = undefined;
  }

  get record(): Record<string, unknown> {
    return Object.fromEntries(this.#header.map((name, i) => [name, this.cells[i]]));
  }
}

/**
 * The most rows in a body. Each row costs memory, and a rejected one costs more than its size: 32 MB of `0,` would take
 * all memory.
 */
export const MAX_ROWS = 200_000;

/** @throws AppError body_too_large if there are more rows than may be held at once */
export function checkNumber(rows: number, maxRows: number): void {
  if (rows <= maxRows) return;
  throw new AppError("body_too_large", `The body holds more than ${maxRows} rows; send it in parts.`, {
    max_rows: maxRows,
  });
}

/** PostgreSQL stores neither NUL nor half of a surrogate pair. */
export const storable = (text: string) => text.toWellFormed().replaceAll("\0", "\uFFFD");
