import { z } from "zod";
import { AppError } from "../errors.ts";
import type { SentBody } from "../kit/sent-bytes.ts";
import type { TextFormat } from "../text/text-format.ts";
import type { ClassifiedRows, RejectedRow } from "./batch.ts";
import type { Identity } from "./ingest-request.ts";
import { type BatchState, type Problem, type Receipt, ReceiptReply } from "./receipt.ts";

/** A rejected row as it is kept until it is mended. `record` is as in `RejectedRow`. */
export type KeptReject = Pick<RejectedRow, "row" | "problems" | "record">;

/** The rejected rows of a batch. */
export interface Rejects {
  /** The header of a CSV, in the sender's order; undefined for JSON. */
  columns: string[] | undefined;
  /** Pages from the first row on, at each call. A page is read when it is requested. */
  pages: () => AsyncIterable<KeptReject[]>;
}

export type FindRejects = (batchId: string) => Promise<Rejects | undefined>;

/** The columns before the sender's own ones in a file of rejected rows. */
export const OUR_COLUMNS = ["row", "field", "code", "detail"] as const;

const PREFIX = "tripgrid_";
const LIKE_OURS = /^((?:tripgrid_)*)(?:row|field|code|detail)$/;
const LIKE_ROW = /^((?:tripgrid_)*)row$/;

/**
 * The prefix of our column names beside a sender's columns: empty, or `tripgrid_` if the sender has a column of the
 * same name. It is longer than a prefix of the sender's, so a file itself tells which column is ours.
 */
export function prefixBeside(columns: readonly string[]): string {
  const taken = longest(columns, LIKE_OURS);
  return taken === undefined ? "" : taken + PREFIX;
}

/** The prefix of our columns in a file that comes back. Undefined: no column could be our `row`. */
export function prefixIn(columns: readonly string[]): string | undefined {
  return longest(columns, LIKE_ROW);
}

function longest(columns: readonly string[], like: RegExp): string | undefined {
  const prefixes = columns.flatMap((column) => like.exec(column)?.[1] ?? []);
  return prefixes.length === 0 ? undefined : prefixes.reduce((a, b) => (b.length > a.length ? b : a));
}

/**
 * The sender's fields of a row; the cells of a CSV row with another number of cells than its header; or the raw text.
 */
export type RowContent = { record: Record<string, unknown> } | { cells: string[] } | { raw: string };

/** The content of a kept record. */
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

/** The CSV cell of a JSON value: empty for null, text as it is, anything else as JSON. */
export const cellOf = (value: unknown): string =>
  typeof value === "string" ? value : value === undefined || value === null ? "" : JSON.stringify(value);

export interface MendRequest {
  batchId: string;
  /** The mended rows, in one of the forms in which rejected rows are given back. */
  body: SentBody;
  contentType: string | undefined;
}

/** At most this many rows of a mended file are listed as not rejected. */
export const NOT_REJECTED_LISTED = 100;

/** The result of a mended file: `received = inserted + duplicates + rejected` + those that are not rejected. */
const Mended = z.object({
  received: z.int(),
  inserted: z.int(),
  duplicates: z.int(),
  rejected: z.int().meta({ description: "Still faulty: they stay rejected, as they are now" }),
  not_rejected: z.array(z.int()).meta({
    description: `The first ${NOT_REJECTED_LISTED} rows of those that are not, or not any more, rejected ones of the batch`,
  }),
});
export type MendedReceipt = Receipt & { mended: z.infer<typeof Mended> };

/** The receipt of a mended batch in a reply. */
export const MendedReply = ReceiptReply.and(
  z.object({ mended: Mended.meta({ description: "What became of the rows of the mended file" }) }),
).meta({ ...ReceiptReply.meta(), id: "MendedReceipt" });

/**
 * Takes in mended rows. Rows that are trips now move from the rejected rows of the batch to its inserted ones or
 * duplicates.
 *
 * @throws AppError not_found, batch_in_progress, invalid_body, invalid_csv
 */
export type ResubmitRejects = (request: MendRequest) => Promise<MendedReceipt>;

/** The properties of a batch that are needed to mend its rows. */
export interface BatchToMend {
  state: BatchState;
  mapping: string | null;
  /** The header of a CSV; undefined for JSON. */
  columns: string[] | undefined;
  identity: Identity;
  /** The source that the request named. */
  source: string | undefined;
  /** How its text was written. */
  format: TextFormat | undefined;
}

export const isFinal = (state: BatchState): boolean => state === "committed" || state === "failed";

export const notFinal = (state: BatchState): AppError =>
  state === "undoing" || state === "undone"
    ? new AppError("batch_undone", `The batch is ${state}: its rows cannot be mended any more.`)
    : new AppError("batch_in_progress", `The batch is ${state}: its rows can be mended once it is done.`);

export type FindBatchToMend = (batchId: string) => Promise<BatchToMend | undefined>;

/** The records of these rows. Rows that are not rejected rows of the batch are left out. */
export type FindRejectedRecords = (batchId: string, rows: readonly number[]) => Promise<Map<number, string>>;

/** A mended file, sorted into trips and rows that are still faulty. */
export interface MendedRows extends ClassifiedRows {
  batchId: string;
  received: number;
  notRejected: number[];
}

/**
 * Stores mended rows and returns the new receipt of the batch. A row that another request has mended meanwhile stays as
 * it is.
 */
export type StoreMended = (mended: MendedRows) => Promise<MendedReceipt>;

/** The cells of our columns for all faulty fields of a row. */
export function ourCells(row: number, problems: readonly Problem[]): [number, string, string, string] {
  const joined = (key: keyof Problem) => problems.map((problem) => problem[key]).join("; ");
  return [row, joined("field"), joined("code"), joined("detail")];
}
