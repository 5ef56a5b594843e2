import type { BatchState, Identity, Problem, Receipt, RejectedRow, SentBody, SortedRows } from "./batch.ts";
import { AppError } from "./errors.ts";

/** A rejected row as it is kept until someone mends it; `record` is as in `RejectedRow`. */
export type KeptReject = Pick<RejectedRow, "row" | "problems" | "record">;

/** The rejected rows of a batch. */
export interface Rejects {
  /** The header of a CSV, in the sender's order; undefined for JSON. */
  columns: string[] | undefined;
  /** From the first row on, each time that it is called; a page is read when it is asked for. */
  pages: () => AsyncIterable<KeptReject[]>;
}

export type FindRejects = (batchId: string) => Promise<Rejects | undefined>;

/** What stands before the sender's own columns where rejected rows are given back. */
export const OUR_COLUMNS = ["row", "field", "code", "detail"] as const;

const PREFIX = "tripgrid_";
const LIKE_OURS = /^((?:tripgrid_)*)(?:row|field|code|detail)$/;
const LIKE_ROW = /^((?:tripgrid_)*)row$/;

/**
 * What stands before the names of all our columns beside these of a sender: nothing, or `tripgrid_` where he has a column
 * of such a name himself. It is longer than his, so that a file tells by itself which column is ours.
 */
export function prefixBeside(columns: readonly string[]): string {
  const taken = longest(columns, LIKE_OURS);
  return taken === undefined ? "" : taken + PREFIX;
}

/** The prefix of our columns in a file that comes back; undefined if it has none that could be our `row`. */
export function prefixIn(columns: readonly string[]): string | undefined {
  return longest(columns, LIKE_ROW);
}

function longest(columns: readonly string[], like: RegExp): string | undefined {
  const prefixes = columns.flatMap((column) => like.exec(column)?.[1] ?? []);
  return prefixes.length === 0 ? undefined : prefixes.reduce((a, b) => (b.length > a.length ? b : a));
}

/** A row in the sender's fields; the cells of a CSV row with another number of them than its header; or what came instead. */
export type RowContent = { record: Record<string, unknown> } | { cells: string[] } | { raw: string };

/** What a kept record holds. */
export function contentOf(kept: string, fromCsv: boolean): RowContent {
  let value: unknown;
  try {
    value = JSON.parse(kept);
  } catch {
    return { raw: kept };
  }
  if (Array.isArray(value)) return fromCsv ? { cells: value as string[] } : { raw: kept };
  return typeof value === "object" && value !== null ? { record: value as Record<string, unknown> } : { raw: kept };
}

/** The cell of a CSV that stands for a value of JSON: nothing for null, text as it is, anything else as JSON. */
export const cellOf = (value: unknown): string =>
  typeof value === "string" ? value : value === undefined || value === null ? "" : JSON.stringify(value);

export interface MendRequest {
  batchId: string;
  /** The mended rows in one of the forms that they are given back in. */
  body: SentBody;
  contentType: string | undefined;
}

/** What became of a mended file: `received = inserted + duplicates + rejected` + those that are not rejected. */
export interface Mended {
  received: number;
  inserted: number;
  duplicates: number;
  /** Still faulty: they stay rejected, as they are now. */
  rejected: number;
  /** The first rows of those that are not, or not any more, among the rejected ones of the batch; nothing became of them. */
  not_rejected: number[];
}

/** So many rows of a mended file that are not rejected are listed. */
export const NOT_REJECTED_LISTED = 100;

export type MendedReceipt = Receipt & { mended: Mended };

/**
 * Takes in mended rows: those that are trips now move from the batch's rejected rows to its inserted ones or duplicates.
 *
 * @throws AppError not_found, batch_not_final, invalid_body, invalid_csv
 */
export type MendRejects = (request: MendRequest) => Promise<MendedReceipt>;

/** What must be known of a batch to mend its rows. */
export interface BatchToMend {
  state: BatchState;
  mapping: string | null;
  /** The header of a CSV; undefined for JSON. */
  columns: string[] | undefined;
  identity: Identity;
}

export const isFinal = (state: BatchState): boolean => state !== "queued" && state !== "running";

export const notFinal = (state: BatchState): AppError =>
  new AppError("batch_not_final", `The batch is ${state}: its rows can be mended once it is done.`);

export type FindBatchToMend = (batchId: string) => Promise<BatchToMend | undefined>;

/** The records of these rows, as far as they are rejected ones of the batch. */
export type FindRejectedRecords = (batchId: string, rows: readonly number[]) => Promise<Map<number, string>>;

/** A mended file, sorted into trips and rows that are still faulty. */
export interface MendedRows extends SortedRows {
  batchId: string;
  received: number;
  notRejected: number[];
}

/** Stores mended rows and gives the batch's receipt as it is then; a row that somebody else mended meanwhile stays as it is. */
export type StoreMended = (mended: MendedRows) => Promise<MendedReceipt>;

/** All faulty fields of a row in the cells of our columns. */
export function ourCells(row: number, problems: readonly Problem[]): [number, string, string, string] {
  const joined = (key: keyof Problem) => problems.map((problem) => problem[key]).join("; ");
  return [row, joined("field"), joined("code"), joined("detail")];
}
