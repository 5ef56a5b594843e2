import type { SentFile } from "../batch.ts";
import { AppError } from "../errors.ts";
import { contentTypeOf, FILE_KINDS, type FileToImport, type ImportOptions } from "../imports.ts";
import { checkFile } from "./check-file.ts";
import { fileAt, isSameState } from "./sent-file.ts";

export interface RegisterDeps {
  /** Lists an import and queues its batch; undefined if it was to be listed only if unknown, and is known. */
  recordImport: (file: FileToImport) => Promise<string | undefined>;
  /** Called once a batch may be queued. */
  onQueued: () => void;
  inboxId: string | undefined;
  /** Aborted when the service stops. */
  signal: AbortSignal;
}

export interface Register {
  /**
   * Makes an import of a file, and gives its id. What cannot be read becomes a failed one.
   *
   * @param path absolute
   * @throws AppError invalid_body for a file of no known kind; file_changed if it is still being written
   */
  register(path: string, options: ImportOptions & { onlyUnknown?: boolean }): Promise<string | undefined>;
  /** Whether a file is being looked at in this process. */
  isUnderWay(path: string): boolean;
}

/** Makes the way from a file to a queued batch: the file is read once, to know it by its content. */
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
        const importId = await deps.recordImport(await fileToImport(path, options, deps));
        if (importId !== undefined) deps.onQueued();
        return importId;
      } catch (error) {
        if (deps.signal.aborted) throw new AppError("service_stopping", "The service is stopping; ask again later.");
        throw error;
      } finally {
        mark(path, -1);
      }
    },
  };
}

async function fileToImport(
  path: string,
  { mapping, again, onlyUnknown = false }: ImportOptions & { onlyUnknown?: boolean },
  { inboxId, signal }: RegisterDeps,
): Promise<FileToImport> {
  const contentType = contentTypeOf(path);
  if (contentType === undefined) throw unknownKind("path", "invalid_body");
  const file: SentFile = { ...(await fileAt(path)), inbox: inboxId };
  const { digest, packed, isNdjson, fault } = await checkFile(path, signal);
  if (!isSameState(await fileAt(path), file)) {
    throw new AppError("file_changed", "The file is still being written; ask again when it is whole.");
  }
  return {
    file,
    digest,
    request: {
      contentType: isNdjson && contentType === "application/json" ? "application/x-ndjson" : contentType,
      contentEncoding: packed ? "gzip" : undefined,
      mapping,
      identity: "content",
      withVerdicts: false,
      file,
    },
    // What is said of bodies holds for files as well.
    fault: fault && { code: fault.code, detail: fault.message.replace("The body", "The file") },
    again,
    onlyUnknown,
  };
}

/** @param field what named the file */
export function unknownKind(field: string, code: "invalid_body" | "invalid_parameter"): AppError {
  const detail = `expected a name that ends with ${FILE_KINDS}`;
  return new AppError(code, `${field}: ${detail}`, { errors: [{ field, detail }] });
}
