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

/** The rows of one request, sorted into trips and rejects, ready to be stored in one transaction. */
export interface Batch {
  batchId: string;
  mapping: string;
  /** The header of a CSV. */
  columns: string[] | undefined;
  received: number;
  trips: { row: number; trip: IdentifiedTrip }[];
  rejected: RejectedRow[];
  withVerdicts: boolean;
  idempotency: { key: string; digest: Uint8Array } | undefined;
}

/** Stores a batch and gives its receipt, or the receipt of the batch that used the same idempotency key before. */
export type LoadTrips = (batch: Batch) => Promise<Receipt>;

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

export interface IngestRequest {
  body: SentBody;
  contentType: string | undefined;
  /** The name of a mapping; none: recognised by the fields. */
  mapping: string | undefined;
  identity: Identity;
  withVerdicts: boolean;
  idempotencyKey: string | undefined;
}

/** Takes in one request: reads it, sorts its rows into trips and rejects, stores all of it, and gives the receipt. */
export type Ingest = (request: IngestRequest) => Promise<Receipt>;
