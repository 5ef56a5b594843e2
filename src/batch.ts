import type { ReadableStream } from "node:stream/web";
import type { FaultCode } from "./point.ts";
import type { IdentifiedTrip } from "./trip.ts";

/** One faulty field of a row: which one, a stable code and what was expected. */
export interface Problem {
  field: string;
  code: FaultCode;
  detail: string;
}

/** A row that is not a trip. `record` is the row as it was sent, as JSON text; `row` counts from 1. */
export interface RejectedRow {
  row: number;
  tripId: string | undefined;
  source: string | undefined;
  problems: [Problem, ...Problem[]];
  record: string;
}

export type Verdict = "inserted" | "duplicate" | "rejected";

/** What became of one row. */
export interface RowVerdict {
  row: number;
  trip_id: string | null;
  verdict: Verdict;
  problems: Problem[];
}

export type BatchState = "queued" | "running" | "committed" | "failed";

/** The first fault of one rejected row, as a receipt lists it. */
export interface Reject {
  row: number;
  trip_id: string | null;
  field: string;
  code: FaultCode;
  detail: string;
}

/** A receipt lists this many rejects; the rest are at the batch's own address. */
export const REJECTS_IN_RECEIPT = 100;

/** How far a batch is that is worked on after its acknowledgement. */
export interface Progress {
  /** Size of the payload as it was sent, and how much of it has been read and stored. */
  bytes: number;
  bytes_done: number;
  /** Over the time that it has been worked on; 0 before. */
  rows_per_second: number;
  /** At the speed so far; null as long as nothing is known of it. */
  seconds_left: number | null;
}

/**
 * What became of a batch: once committed, `received = inserted + duplicates + rejected`. While it is running the same
 * holds for the rows that are stored so far.
 */
export interface Receipt {
  batch_id: string;
  state: BatchState;
  /** Null until its first rows were looked at. */
  mapping: string | null;
  received: number;
  inserted: number;
  duplicates: number;
  rejected: number;
  rejects: Reject[];
  verdicts?: RowVerdict[];
  error?: { code: string; detail: string };
  /** Only of a batch that is queued or running. */
  progress?: Progress;
  created_at: string;
  committed_at: string | null;
}

/** A receipt with its place in the order of all changes; a later state of the same batch has a higher one. */
export interface BatchChange {
  change_id: number;
  receipt: Receipt;
}

/** Rows sorted into trips and rejects. */
export interface SortedRows {
  trips: { row: number; trip: IdentifiedTrip }[];
  rejected: RejectedRow[];
  /** A row as it was sent, as JSON text, and which of its fields says when the trip began. */
  sent: (row: number) => { field: string; record: string };
}

/** The rows of one request, ready to be stored in one transaction. */
export interface Batch extends SortedRows {
  batchId: string;
  mapping: string;
  /** The header of a CSV. */
  columns: string[] | undefined;
  received: number;
  identity: Identity;
  withVerdicts: boolean;
  idempotency: IdempotencyKey | undefined;
  /** Where its receipt is sent as well. */
  callback: string | undefined;
}

/** How long an idempotency key is kept. */
export const KEY_DAYS = 7;

/** A key that a sender chose, and SHA-256 over the request that it stands for. */
export interface IdempotencyKey {
  key: string;
  digest: Uint8Array;
}

/** Stores a batch and gives its receipt, or the receipt of the batch that used the same idempotency key before. */
export type LoadTrips = (batch: Batch) => Promise<Receipt>;

/** What became of one of several batches that were stored together. */
export type Outcome = { receipt: Receipt } | { error: unknown };

/** Stores batches in one transaction; one that fails takes no other with it. */
export type StoreBatches = (batches: readonly Batch[]) => Promise<Outcome[]>;

export type FindBatch = (batchId: string) => Promise<Receipt | undefined>;

/** A request's body before it is read. */
export interface SentBody {
  stream: ReadableStream<Uint8Array> | null;
  /** What the sender says of its length. */
  contentLength: number | undefined;
  /** None, `identity` or `gzip`. */
  contentEncoding: string | undefined;
}

/** How a row without a trip id is told from another: by what it says, or by being another row. */
export type Identity = "content" | "row";

/** What must be known of a request to make trips of its rows. */
export interface IngestOptions {
  contentType: string | undefined;
  /** The name of a mapping; none: recognised by the fields. */
  mapping: string | undefined;
  identity: Identity;
  withVerdicts: boolean;
}

export interface IngestRequest extends IngestOptions {
  body: SentBody;
  idempotencyKey: string | undefined;
  /** The sender would rather not wait until the rows are stored. */
  respondAsync: boolean;
  callback: string | undefined;
}

/**
 * Takes in one request. The receipt is final if its rows are stored; a batch that is queued or running has its payload
 * stored, and its rows will be.
 */
export type Ingest = (request: IngestRequest) => Promise<Receipt>;

/**
 * Checks where a sender wants its receipt sent, and gives it in its normal form.
 *
 * @throws AppError invalid_parameter
 */
export type CheckCallback = (url: string) => string;

/** What a worker must know of a batch whose payload is stored or lies in a file. */
export interface WorkRequest extends IngestOptions {
  /** The mapping as it was when it was named or chosen, unless it is built in: whatever becomes of it, the batch keeps it. */
  definition?: unknown;
  /** What the payload is packed with, as the sender said; of a file its first bytes tell. */
  contentEncoding: string | undefined;
  /** The file; none: the payload is in the database. */
  file?: SentFile;
}

/** A file as it was when its import was asked for. */
export interface SentFile {
  /** Absolute. */
  path: string;
  bytes: number;
  modifiedAt: string;
  /** Which inbox the process watches that took it: whoever shares it can tell whether the file is still there. */
  inbox?: string | undefined;
}

/** A batch that somebody has to work on. */
export interface Work {
  batchId: string;
  request: WorkRequest;
  mapping: string | undefined;
  columns: string[] | undefined;
  bytes: number;
  /** Which chunks are stored, how many rows each has, and where it ends in the unpacked payload. */
  chunks: ReadonlyMap<number, { rows: number; endByte: number }>;
  callback?: string;
}

/** Rows of a batch that are stored in one transaction, and what is known by then. */
export interface Chunk extends SortedRows {
  batchId: string;
  /** From 0. */
  chunk: number;
  endByte: number;
  received: number;
  withVerdicts: boolean;
  /** How much of the payload, as it was sent, has been read. */
  bytesDone: number;
  /** How long this process has worked on the batch since it last stored a chunk. */
  busySeconds: number;
}
