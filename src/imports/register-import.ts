import type { SentFile } from "../batches/work.ts";
import { AppError } from "../errors.ts";
import { fileAt, isSameState } from "../ingest/sent-file.ts";
import { UTF8 } from "../text/charset.ts";
import { type CheckedFile, checkFile } from "./check-file.ts";
import { contentTypeOf, FILE_KINDS, type FileToImport, type ImportOptions } from "./imports.ts";

export interface RegisterDeps {
  /** Lists imports and queues their batches, in one transaction. Undefined: the file was to be listed only if unknown. */
  recordImports: (files: readonly FileToImport[]) => Promise<string[]>;
  /** Called once a batch may be queued. */
  onQueued: () => void;
  inboxId: string | undefined;
  /** Aborted when the service stops. */
  signal: AbortSignal;
}

export interface Register {
  /**
   * Makes an import of a file, or of each file in a ZIP, and returns their ids. An unreadable file becomes a failed
   * import.
   *
   * @param path absolute
   * @throws AppError invalid_body for a file of an unknown kind; file_changed if it is still being written
   */
  register(path: string, options: ImportOptions & { onlyUnknown?: boolean }): Promise<string[]>;
  /** Whether this process is reading a file now. */
  isUnderWay(path: string): boolean;
}

/**
 * Creates the register, which turns a file into a queued batch. It reads the file once, to identify it by its content.
 */
export function createRegister(deps: RegisterDeps): Register {
  const underWay = new Map<string, number>();
  const mark = (path: string, by: 1 | -1) => {
    const count = (underWay.get(path) ?? 0) + by;
    if (count > 0) underWay.set(path, count);
    else underWay.delete(path);
  };
  return {
    isUnderWay: (path) => underWay.has(path),
    register: async (path, options) => {
      mark(path, 1);
      try {
        const importIds = await deps.recordImports(await filesToImport(path, options, deps));
        if (importIds.length > 0) deps.onQueued();
        return importIds;
      } catch (error) {
        if (deps.signal.aborted) throw new AppError("service_stopping", "The service is stopping; ask again later.");
        throw error;
      } finally {
        mark(path, -1);
      }
    },
  };
}

async function filesToImport(
  path: string,
  options: ImportOptions & { onlyUnknown?: boolean },
  { inboxId, signal }: RegisterDeps,
): Promise<FileToImport[]> {
  const contentType = contentTypeOf(path);
  if (contentType === undefined) throw unknownKind("path", "invalid_body");
  const file: SentFile = { ...(await fileAt(path)), inbox: inboxId };
  const checked = await checkFile(path, options, signal);
  if (!isSameState(await fileAt(path), file)) {
    throw new AppError("file_changed", "The file is still being written; ask again when it is whole.");
  }
  return checked.map((one) => toImport(file, contentType, one, options));
}

function toImport(
  file: SentFile,
  contentType: string,
  { digest, packed, isNdjson, charset, fault, member }: CheckedFile,
  { mapping, identity, source, again, owner, onlyUnknown = false }: ImportOptions & { onlyUnknown?: boolean },
): FileToImport {
  const ofName = contentType === "text/plain" ? undefined : contentType;
  const sentFile = member ? { ...file, member: member.address } : file;
  return {
    file: sentFile,
    digest,
    request: {
      contentType: member ? member.contentType : isNdjson && ofName === "application/json" ? NDJSON : ofName,
      contentEncoding: packed ? "gzip" : undefined,
      mapping,
      identity,
      source,
      ...(charset === UTF8 ? {} : { charset }),
      withVerdicts: false,
      file: sentFile,
    },
    // The messages about bodies hold for files as well.
    fault: fault && { code: fault.code, detail: fault.message.replace("The body", "The file") },
    again,
    owner,
    onlyUnknown,
  };
}

const NDJSON = "application/x-ndjson";

/** @param field the field that named the file */
export function unknownKind(field: string, code: "invalid_body" | "invalid_parameter"): AppError {
  const detail = `expected a name that ends with ${FILE_KINDS}`;
  return new AppError(code, `${field}: ${detail}`, { errors: [{ field, detail }] });
}
