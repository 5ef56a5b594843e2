import type { TextFormat } from "../text/text-format.ts";
import type { IdentifiedTrip } from "../trips/trip.ts";
import type { Identity } from "./ingest-request.ts";
import type { Problem, Receipt, TopicSource } from "./receipt.ts";

/** A row that is not a trip. `record` is the row as it was sent, as JSON text; `row` counts from 1. */
export interface RejectedRow {
  row: number;
  tripId: string | undefined;
  source: string | undefined;
  problems: [Problem, ...Problem[]];
  record: string;
}

/** How many rejected rows of a batch are kept. The others are counted. */
export interface RejectLimits {
  rows: number;
  bytes: number;
}

/** The defaults of the settings. */
export const REJECT_LIMITS: RejectLimits = { rows: 100_000, bytes: 64 * 1024 * 1024 };

/** Rows sorted into trips and rejects. */
export interface ClassifiedRows {
  trips: { row: number; trip: IdentifiedTrip }[];
  rejected: RejectedRow[];
  /** Gives a row as it was sent, as JSON text, and the field that says when the trip began. */
  sent: (row: number) => { field: string; record: string };
}

/** The rows of one request, ready to be stored in one transaction. */
export interface Batch extends ClassifiedRows {
  batchId: string;
  mapping: string;
  /** The header of a CSV. */
  columns: string[] | undefined;
  received: number;
  identity: Identity;
  /** The source that the request names for all its trips. */
  namedSource?: string | undefined;
  /** How its text was written. Undefined: as usual. */
  format?: TextFormat | undefined;
  withVerdicts: boolean;
  idempotency: IdempotencyKey | undefined;
  /** The URL that its receipt is also sent to. */
  callback: string | undefined;
  /** Undefined: it did not come from a topic. */
  source?: TopicSource;
  /** Who sent it. Undefined: no credential was asked for. */
  owner?: string | undefined;
}

/** How long an idempotency key is kept. */
export const KEY_DAYS = 7;

/** A key that a sender chose, and SHA-256 over the request that it stands for. */
export interface IdempotencyKey {
  key: string;
  /** The same key of two owners stands for two requests. Undefined: no credential was asked for. */
  owner?: string | undefined;
  digest: Uint8Array;
}

/** Stores a batch and gives its receipt, or the receipt of the batch that used the same idempotency key before. */
export type LoadTrips = (batch: Batch) => Promise<Receipt>;

/** The result of one of several batches that were stored together. */
export type Outcome = { receipt: Receipt } | { error: unknown };

/** Stores batches in one transaction. A batch that fails does not affect the others. */
export type StoreBatches = (batches: readonly Batch[]) => Promise<Outcome[]>;
