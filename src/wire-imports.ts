import { isAbsolute } from "node:path";
import type { Logger } from "pino";
import type { WorkRequest } from "./batch.ts";
import type { Config } from "./config.ts";
import type { Sql } from "./db/client.ts";
import { findImport, knownFiles, listImports, recordImport } from "./db/imports.ts";
import { AppError } from "./errors.ts";
import type {
  FindImport,
  Import,
  ImportFile,
  ImportOptions,
  ImportPath,
  ListImports,
  UploadImport,
} from "./imports.ts";
import { openInbox, pathInInbox } from "./ingest/inbox-folder.ts";
import { mappingFor } from "./ingest/mapping-for.ts";
import { receiveFile } from "./ingest/receive-file.ts";
import { createRegister } from "./ingest/register-import.ts";
import { canJudge, isGone } from "./ingest/sent-file.ts";
import { watchInbox } from "./ingest/watch-inbox.ts";
import type { Mapping } from "./mapping.ts";

export interface ImportParts {
  importPath: ImportPath;
  uploadImport: UploadImport;
  importFile: ImportFile;
  listImports: ListImports;
  findImport: FindImport;
  /** Whether this process can work on a batch that came as a file. */
  canJudge: (request: WorkRequest) => boolean;
  /** Breaks off what is still being sent or looked at; nothing of it is listed. */
  stop(): Promise<void>;
}

/** Puts together how files come in. */
export function wireImports(
  sql: Sql,
  config: Pick<Config, "inboxFolder">,
  log: Logger,
  given: {
    customMappings: () => Promise<readonly Mapping[]>;
    onQueued: () => void;
    /** Whether what appears in the inbox is taken by itself. */
    watch: boolean;
  },
): ImportParts {
  const inbox = openInbox(config.inboxFolder, (error) =>
    log.warn({ err: error, path: config.inboxFolder }, "the inbox (TRIPGRID_INBOX) cannot be written to"),
  );
  const stopping = new AbortController();
  const register = createRegister({
    recordImport: recordImport.bind(null, sql),
    onQueued: given.onQueued,
    inboxId: inbox.id,
    signal: stopping.signal,
  });
  const watcher = given.watch
    ? watchInbox({ folder: inbox.folder, register, knownFiles: knownFiles.bind(null, sql), log })
    : undefined;

  /** A name that there is not is said at once, and not by a batch that fails. */
  const checkMapping = async ({ mapping }: ImportOptions) => {
    if (mapping !== undefined) await mappingFor(mapping, { form: "json", fields: [] }, given.customMappings);
  };
  const registered = async (path: string, options: ImportOptions): Promise<Import> => {
    const importId = await register.register(path, options);
    const found = importId === undefined ? undefined : await findImport(sql, inbox.folder, importId);
    if (!found) throw new Error(`the import ${importId} is gone`);
    return found;
  };
  return {
    importPath: async (path, options) => {
      const absolute = await pathInInbox(inbox, path);
      const mapping = options.mapping ?? folderOf(path);
      await checkMapping({ ...options, mapping });
      return registered(absolute, { ...options, mapping });
    },
    uploadImport: async (name, body, options) => {
      await checkMapping(options);
      // Into the folder of its mapping, so that it stays what it is should it be taken again from there.
      return registered(await receiveFile(inbox, options.mapping, name, body, stopping.signal), options);
    },
    importFile: async (path, options) => {
      if (!isAbsolute(path)) throw new Error(`not an absolute path: ${path}`);
      await checkMapping(options);
      try {
        return await registered(path, options);
      } catch (error) {
        throw isGone(error) ? new AppError("not_found", `There is no file ${path}.`) : error;
      }
    },
    listImports: (limit, after) => listImports(sql, inbox.folder, limit, after),
    findImport: (importId) => findImport(sql, inbox.folder, importId),
    canJudge: (request) => canJudge(request, inbox.id),
    stop: async () => {
      stopping.abort();
      await watcher?.stop();
    },
  };
}

/** A file in a folder of the inbox is read by the mapping that the folder is named after. */
function folderOf(path: string): string | undefined {
  const folders = path.split("/").filter((part) => part !== "" && part !== ".");
  return folders.length === 2 ? folders[0] : undefined;
}
