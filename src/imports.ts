import type { ReadableStream } from "node:stream/web";
import type { BatchState, Progress, SentFile, WorkRequest } from "./batch.ts";

/** A file that came by the inbox, by an upload or by the command line, and what became of it. */
export interface Import {
  import_id: string;
  /** The file's name, without its folder. */
  file: string;
  /** Below the inbox, as it may be asked for again; none of a file from elsewhere. */
  path?: string;
  bytes: number;
  state: BatchState;
  /** Null until its first rows were looked at. */
  mapping: string | null;
  /** Rows so far: inserted, duplicates and rejected. */
  rows: number;
  inserted: number;
  duplicates: number;
  rejected: number;
  rows_per_second: number;
  created_at: string;
  started_at: string | null;
  ended_at: string | null;
  /** The same content came before; all that is told of its rows is what became of them then. */
  already_imported: boolean;
  /** Whose receipt tells more; of what was imported already that of the import before. */
  batch_id: string;
  error?: { code: string; detail: string };
  /** Only of what is queued or running. */
  progress?: Progress;
}

/** Where a page of imports ends. */
export interface ImportCursor {
  createdAt: string;
  importId: string;
}

export interface ImportPage {
  imports: Import[];
  next: ImportCursor | undefined;
}

/** Newest first. */
export type ListImports = (limit: number, after?: ImportCursor) => Promise<ImportPage>;
export type FindImport = (importId: string) => Promise<Import | undefined>;

export interface ImportOptions {
  /** The name of a mapping; none: that of the folder in the inbox, or else recognised by the fields. */
  mapping: string | undefined;
  /** Also if the same content was imported before; its rows are duplicates then. */
  again: boolean;
}

/**
 * Takes a file in the inbox, by its path there.
 *
 * @throws AppError not_found; invalid_body for a path outside the inbox, or a file of no known kind; file_changed if it
 * is still being written
 */
export type ImportPath = (path: string, options: ImportOptions) => Promise<Import>;

/**
 * Keeps what is sent as a file in the inbox and takes it.
 *
 * @throws AppError invalid_parameter for its name; disk_full
 */
export type UploadImport = (
  name: string,
  body: ReadableStream<Uint8Array> | null,
  options: ImportOptions,
) => Promise<Import>;

/** Takes any file that this process can read, by its absolute path; the inbox is not involved. */
export type ImportFile = (path: string, options: ImportOptions) => Promise<Import>;

/** A file that was looked at, and is to be listed. */
export interface FileToImport {
  file: SentFile;
  /** SHA-256 of its bytes. */
  digest: Uint8Array;
  request: WorkRequest;
  /** Why it cannot be read. */
  fault: { code: string; detail: string } | undefined;
  again: boolean;
  /** Nothing is listed if this very file was before: whoever watches an inbox sees it again and again. */
  onlyUnknown: boolean;
}

/** What a file of a known kind ends with. */
export const FILE_KINDS = ".csv, .ndjson, .jsonl or .json, also with .gz behind it";

const CONTENT_TYPES = {
  csv: "text/csv",
  ndjson: "application/x-ndjson",
  jsonl: "application/x-ndjson",
  json: "application/json",
} as const;

/** What a file holds, by its name; undefined if that tells nothing. Whether it is packed, its first bytes tell. */
export function contentTypeOf(fileName: string): string | undefined {
  const kind = /[^/]\.(csv|ndjson|jsonl|json)(\.gz)?$/i.exec(fileName)?.[1]?.toLowerCase();
  return kind && CONTENT_TYPES[kind as keyof typeof CONTENT_TYPES];
}
