import type { Bound } from "../kit/bounds.ts";
import type { TextFormat } from "../text/text-format.ts";
import type { ClassifiedRows } from "./batch.ts";
import type { IngestOptions } from "./ingest-request.ts";

/** The request of a batch for its worker. The payload is stored in the database or lies in a file. */
export interface WorkRequest extends IngestOptions {
  /**
   * The mapping as it was when it was named or chosen, unless it is built in. The batch keeps it even if the mapping
   * changes.
   */
  definition?: unknown;
  /** The bound of its sender: other trips are rejected. Undefined: it has none. */
  bound?: Bound | undefined;
  /** The form of the payload, once its first rows are read. Undefined: CSV if the batch has a header, else NDJSON. */
  form?: "json" | "ndjson" | "csv";
  /** How the text is written, once its first rows are read. */
  format?: TextFormat;
  /**
   * The compression of the payload, as declared by the sender. The compression of a file is read from its first bytes.
   */
  contentEncoding: string | undefined;
  /** The file. Undefined: the payload is in the database. */
  file?: SentFile;
}

/** A file as it was when its import was requested. */
export interface SentFile {
  /** Absolute. */
  path: string;
  bytes: number;
  modifiedAt: string;
  /**
   * The inbox of the process that took the file. A process that shares this inbox can tell whether the file still
   * exists.
   */
  inbox?: string | undefined;
  /** The table in a container. Undefined: the file is a text. */
  member?: SentMember | undefined;
}

/** A table in a file that is a container. */
export interface SentMember {
  kind: "zip" | "parquet";
  /** The name of a file in a ZIP; empty for a workbook and a Parquet file. */
  name: string;
  sheet?: string | undefined;
}

/** A batch that is to be processed. */
export interface Work {
  batchId: string;
  /** What its trips carry as their batch. */
  number: number;
  request: WorkRequest;
  mapping: string | undefined;
  columns: string[] | undefined;
  bytes: number;
  /** The stored chunks, each with its number of rows and its end in the unpacked payload. */
  chunks: ReadonlyMap<number, { rows: number; endByte: number }>;
  callback?: string;
}

/** Rows of a batch that are stored in one transaction, with the progress by then. */
export interface Chunk extends ClassifiedRows {
  batchId: string;
  /** What its trips carry as their batch. */
  number: number;
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
