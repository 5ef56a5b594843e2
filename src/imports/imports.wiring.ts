import { isAbsolute } from "node:path";
import { AppError } from "../errors.ts";
import { isGone } from "../ingest/sent-file.ts";
import { currentOwner, ownerToSee } from "../kit/bounds.ts";
import { sentBytes } from "../kit/sent-bytes.ts";
import type { Mapping } from "../mappings/mapping.ts";
import { mappingFor } from "../mappings/mapping-for.ts";
import type { Wiring } from "../wiring.ts";
import { findImport, knownFiles, listImports, recordImports } from "./imports.db.ts";
import type {
  FindImport,
  Import,
  ImportFile,
  ImportOptions,
  ImportPath,
  ListImports,
  TakeInbox,
  UploadImport,
} from "./imports.ts";
import { type Inbox, openInbox, pathInInbox } from "./inbox-folder.ts";
import { receiveFile } from "./receive-file.ts";
import { createRegister } from "./register-import.ts";
import { createInboxTaker, type InboxTaker } from "./take-inbox.ts";
import { watchInbox } from "./watch-inbox.ts";

export interface ImportParts {
  calls: {
    importPath: ImportPath;
    uploadImport: UploadImport;
    importFile: ImportFile;
    listImports: ListImports;
    findImport: FindImport;
    takeInbox: TakeInbox;
    takenNow: InboxTaker["underWay"];
  };
  /** Stops the uploads and checks under way. None of their files is listed. */
  stop(): Promise<void>;
}

interface Given {
  customMappings: () => Promise<readonly Mapping[]>;
  onQueued: () => void;
}

/** The folder in which files are found. */
export const wireInbox = ({ config, log }: Wiring): Inbox =>
  openInbox(config.inboxFolder, (error) =>
    log.warn({ err: error, path: config.inboxFolder }, "the inbox (TRIPGRID_INBOX_DIR) cannot be written to"),
  );

/** Wires the import of files. */
export function wireImports({ sql, config, intervals, log }: Wiring, inbox: Inbox, given: Given): ImportParts {
  const stopping = new AbortController();
  const register = createRegister({
    recordImports: recordImports.bind(null, sql),
    onQueued: given.onQueued,
    inboxId: inbox.id,
    signal: stopping.signal,
  });
  const taker = createInboxTaker({
    ...{ folder: inbox.folder, register, log, signal: stopping.signal },
    knownFiles: knownFiles.bind(null, sql),
  });
  const { inboxMs: everyMs } = intervals;
  const watcher =
    everyMs === undefined
      ? undefined
      : watchInbox({ folder: inbox.folder, register, knownFiles: knownFiles.bind(null, sql), log, everyMs });

  /** Reports an unknown mapping at once, instead of by a batch that fails. */
  const checkMapping = async ({ mapping }: ImportOptions) => {
    if (mapping !== undefined) await mappingFor(mapping, { form: "json", fields: [] }, given.customMappings);
  };
  const registered = async (path: string, options: ImportOptions): Promise<Import> => {
    const ids = await register.register(path, { ...options, owner: currentOwner() });
    const found = await Promise.all(ids.map((id) => findImport(sql, inbox.folder, id)));
    const [first, ...others] = found.filter((one) => one !== undefined);
    if (!first) throw new Error(`the import ${ids[0]} is gone`);
    return others.length === 0 ? first : { ...first, members: [first, ...others] };
  };
  return {
    calls: {
      importPath: async (path, options) => {
        const absolute = await pathInInbox(inbox, path);
        const mapping = options.mapping ?? folderOf(path);
        await checkMapping({ ...options, mapping });
        return registered(absolute, { ...options, mapping });
      },
      uploadImport: async (name, body, options) => {
        await checkMapping(options);
        // The file goes into the folder of its mapping, so it keeps that mapping if it is taken again from there.
        const bytes = body && sentBytes(body, { ...config, signal: stopping.signal });
        return registered(await receiveFile(inbox, options.mapping, name, bytes, stopping.signal), options);
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
      listImports: (limit, after) => listImports(sql, inbox.folder, limit, after, ownerToSee()),
      findImport: (importId) => findImport(sql, inbox.folder, importId, ownerToSee()),
      takeInbox: () => taker.start(currentOwner()),
      takenNow: taker.underWay,
    },
    stop: async () => {
      stopping.abort();
      await taker.stop();
      await watcher?.stop();
    },
  };
}

/** The mapping of a file in a folder of the inbox: the folder is named after it. */
function folderOf(path: string): string | undefined {
  const folders = path.split("/").filter((part) => part !== "" && part !== ".");
  return folders.length === 2 ? folders[0] : undefined;
}
