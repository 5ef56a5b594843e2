import type { ReadableStream } from "node:stream/web";
import { z } from "zod";
import { BatchState, Failure, Progress } from "../batches/receipt.ts";
import type { SentFile, WorkRequest } from "../batches/work.ts";
import { Instant } from "../time/instant.ts";
import type { Identity } from "../trips/identity.ts";

/** A file that came by the inbox, by an upload or by the command line, and the result of its import. */
const Import = z.object({
  import_id: z.uuid(),
  file: z.string().meta({ description: "Its name, without folders", example: "trips-2025.csv.gz" }),
  path: z.string().optional().meta({ description: "Below the inbox; none if it did not come from there" }),
  bytes: z.int(),
  state: BatchState,
  /** Null until its first rows are read. */
  mapping: z.string().nullable(),
  rows: z.int().meta({ description: "Read so far: inserted + duplicates + rejected" }),
  inserted: z.int(),
  duplicates: z.int(),
  rejected: z.int(),
  rows_per_second: z.number(),
  created_at: Instant,
  started_at: Instant.nullable(),
  ended_at: Instant.nullable(),
  already_imported: z.boolean().meta({
    description: "The same content came before: the state and the numbers are those of that import",
  }),
  /** The batch with the full receipt. If the content was imported already, this is the batch of the earlier import. */
  batch_id: z.uuid(),
  error: Failure.optional(),
  progress: Progress.optional().meta({ description: "Of a batch that is queued or running" }),
});
/** The imports of all files come with that of a ZIP of several. */
export type Import = z.infer<typeof Import> & { members?: Import[] };

const linked = Import.extend({
  links: z.object({ self: z.string(), batch: z.string(), events: z.string(), rejects: z.string() }),
});
/** An import in a reply. */
export const ImportReply = linked
  .extend({
    members: z.array(linked).optional().meta({ description: "Of a ZIP with several files: the imports of all" }),
  })
  .meta({ id: "Import" });

/** Adds the links to an import. */
export function importWithLinks({ members, ...one }: Import): z.infer<typeof ImportReply> {
  const batch = `/v1/batches/${one.batch_id}`;
  const links = { self: `/v1/imports/${one.import_id}`, batch, events: `${batch}/events`, rejects: `${batch}/rejects` };
  return { ...one, links, ...(members ? { members: members.map(importWithLinks) } : {}) };
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
  /** Who asks for it. Undefined: no credential was asked for, or the inbox brought it. */
  owner?: string | undefined;
  /** The name of a mapping. Undefined: the mapping of the folder in the inbox, or else one recognised by the fields. */
  mapping: string | undefined;
  /** How rows without an id are told apart. Undefined: as the mapping says. */
  identity?: Identity | undefined;
  /** Who reports the rows. Undefined: the mapping or the rows say it. */
  source?: string | undefined;
  /** The character encoding of the text. Undefined: it is found by looking. */
  charset?: string | undefined;
  /** The sheet of a workbook. Undefined: the first one. */
  sheet?: string | undefined;
  /** Imports even if the same content was imported before. Its rows are duplicates then. */
  again: boolean;
}

/**
 * Takes a file in the inbox, by its path there.
 *
 * @throws AppError not_found; invalid_body for a path outside the inbox, or a file of an unknown kind; file_changed if
 * it is still being written
 */
export type ImportPath = (path: string, options: ImportOptions) => Promise<Import>;

/**
 * Stores an upload as a file in the inbox and takes it.
 *
 * @throws AppError invalid_parameter for its name; insufficient_storage
 */
export type UploadImport = (
  name: string,
  body: ReadableStream<Uint8Array> | null,
  options: ImportOptions,
) => Promise<Import>;

/** Takes any file that this process can read, by its absolute path; the inbox is not involved. */
export type ImportFile = (path: string, options: ImportOptions) => Promise<Import>;

/** Begins to take the files in the inbox that are not listed yet. Resolves before they are. */
export type TakeInbox = () => Promise<void>;

/** A file that was checked and is to be listed. */
export interface FileToImport {
  file: SentFile;
  /** SHA-256 of its bytes. */
  digest: Uint8Array;
  request: WorkRequest;
  owner?: string | undefined;
  /** Why it cannot be read. */
  fault: Import["error"];
  again: boolean;
  /** Nothing is listed if this very file is already known, since the watcher of an inbox sees it repeatedly. */
  onlyUnknown: boolean;
}

/** The name endings of the known kinds of files. */
export const FILE_KINDS =
  ".csv, .tsv, .txt, .ndjson, .jsonl, .json, .geojson, .geojsonl, also with .gz behind it, .zip, .xlsx or .parquet";

const CONTENT_TYPES = {
  ...{ csv: "text/csv", tsv: "text/csv", tab: "text/csv", psv: "text/csv", txt: "text/plain" },
  ...{ ndjson: "application/x-ndjson", jsonl: "application/x-ndjson" },
  ...{ geojsonl: "application/x-ndjson", geojsons: "application/x-ndjson" },
  ...{ json: "application/json", geojson: "application/json" },
  // The kind of a container follows from its bytes.
  ...{ zip: "application/zip", xlsx: "application/zip", parquet: "application/vnd.apache.parquet" },
} as const;

/** The ending of a file's name that tells its kind. */
export const FILE_ENDING = new RegExp(`[^/]\\.(${Object.keys(CONTENT_TYPES).join("|")})(\\.gz)?$`, "i");

/**
 * The content type of a file, by its name. Undefined: the name does not tell. The file's first bytes tell whether it is
 * packed.
 */
export function contentTypeOf(fileName: string): string | undefined {
  const kind = FILE_ENDING.exec(fileName)?.[1]?.toLowerCase();
  return kind && CONTENT_TYPES[kind as keyof typeof CONTENT_TYPES];
}
