import type { SentBody } from "../kit/sent-bytes.ts";
import type { Identity } from "../trips/identity.ts";
import type { Receipt } from "./receipt.ts";

export type { Identity } from "../trips/identity.ts";

/** The options of a request that are needed to make trips of its rows. */
export interface IngestOptions {
  contentType: string | undefined;
  /** The name of a mapping. Undefined: the mapping is recognised by the fields. */
  mapping: string | undefined;
  /** Undefined: as the mapping says, or else by content. */
  identity: Identity | undefined;
  /** Who reports the rows, if the mapping does not say it or says something else. */
  source?: string | undefined;
  /** The charset of the text, as the sender says or as it was found. Undefined: it is looked for. */
  charset?: string | undefined;
  withVerdicts: boolean;
}

export interface IngestRequest extends IngestOptions {
  body: SentBody;
  idempotencyKey: string | undefined;
  /** The sheet of a workbook. Undefined: the first one. */
  sheet?: string | undefined;
  /** Whether the sender prefers a reply before the rows are stored. */
  respondAsync: boolean;
  callback: string | undefined;
}

/**
 * Takes in one request. The receipt is final if the rows are stored. If the batch is queued or running, its payload is
 * stored and its rows follow.
 */
export type Ingest = (request: IngestRequest) => Promise<Receipt | MemberReceipt[]>;

/** The outcome of one of several files in a ZIP. */
export type MemberReceipt = { file: string } & ({ receipt: Receipt } | { error: { code: string; detail: string } });

/** What a request would do. Nothing of it is stored. */
export type DryRunReceipt = Omit<Receipt, "batch_id" | "state" | "created_at" | "committed_at" | "error" | "progress">;
export type DryRun = (request: IngestRequest) => Promise<DryRunReceipt>;

/**
 * Checks the URL that a sender wants its receipt sent to, and returns it in its normal form.
 *
 * @throws AppError invalid_parameter
 */
export type CheckCallback = (url: string) => string;
