import { basename } from "node:path";
import type { SentFile } from "../batches/work.ts";
import type { Register } from "./register-import.ts";
import { listInbox } from "./scan-inbox.ts";

/** The file that is being looked at, and since when the inbox is being taken. */
export interface TakenNow {
  file: string;
  since: Date;
}

export interface InboxTaker {
  /**
   * Begins to take the files that lie in the inbox. Those that are known already are left out. If this is under way
   * already, it looks again afterwards.
   *
   * @param owner the owner of the imports
   */
  start(owner: string | undefined): Promise<void>;
  /** Undefined: nothing is being taken by this process. */
  underWay(): TakenNow | undefined;
  stop(): Promise<void>;
}

export interface TakerDeps {
  folder: string;
  register: Register;
  /** Returns which of these files are listed as imports, in their present state. */
  knownFiles: (files: readonly SentFile[]) => Promise<Set<string>>;
  log: { warn: (fields: object, message: string) => void };
  /** Aborted when the service stops. */
  signal: AbortSignal;
}

/** Creates what takes the inbox on demand. A file that is still being written is left to the watcher of the inbox. */
export function createInboxTaker({ folder, register, knownFiles, log, signal }: TakerDeps): InboxTaker {
  let last: Promise<void> = Promise.resolve();
  let now: TakenNow | undefined;

  async function takeAll(files: readonly { file: SentFile; mapping: string | undefined }[], owner: string | undefined) {
    const since = new Date();
    try {
      for (const { file, mapping } of files) {
        if (signal.aborted) return;
        // Another call may have taken it since it was found, and reading a large file again takes minutes.
        if ((await knownFiles([file])).has(file.path)) continue;
        now = { file: basename(file.path), since };
        await register
          .register(file.path, { mapping, again: false, onlyUnknown: true, owner })
          .catch((err) => log.warn({ err, path: file.path }, "a file in the inbox could not be taken"));
      }
    } finally {
      now = undefined;
    }
  }

  return {
    start: async (owner) => {
      const found = await listInbox(folder);
      const known = await knownFiles(found.map(({ file }) => file));
      const news = found.filter(({ file }) => !known.has(file.path) && !register.isUnderWay(file.path));
      const [first] = news;
      if (!first) return;
      now ??= { file: basename(first.file.path), since: new Date() };
      last = last.then(() => takeAll(news, owner));
    },
    underWay: () => now,
    stop: () => last,
  };
}
