export { PIECE_BYTES } from "../text/whole-lines.ts";

/** The limits of a row. Each limit is checked before the row is held as objects. */
export interface RowLimits {
  /** Cells of a CSV row, and keys of a JSON row. */
  maxColumns: number;
  /** A longer row is rejected and never held whole. */
  maxRowBytes: number;
  /** Attributes of one trip, as JSON. */
  maxAttributesBytes: number;
  /** Levels of objects and arrays in the attributes of a trip. */
  maxNesting: number;
}

/** The defaults of the settings. */
export const ROW_LIMITS: RowLimits = {
  maxColumns: 1000,
  maxRowBytes: 4 * 1024 * 1024,
  maxAttributesBytes: 64 * 1024,
  maxNesting: 32,
};

/** A rejected row is kept up to this length. */
export const MAX_KEPT = 64 * 1024;

/** Limits the kept text of a rejected row. A cut row is not JSON any more, so it is given back as text. */
export const kept = (record: string): string =>
  record.length <= MAX_KEPT
    ? record
    : `${record.slice(0, MAX_KEPT)}… (cut, ${record.length} characters)`.toWellFormed();
