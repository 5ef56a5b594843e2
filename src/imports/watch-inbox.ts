import { readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { SentFile } from "../batches/work.ts";
import { AppError } from "../errors.ts";
import { Ticker } from "../kit/poller.ts";
import { UPLOAD_NAME } from "./receive-file.ts";
import type { Register } from "./register-import.ts";
import { type FoundFile, InboxScan } from "./scan-inbox.ts";

/** An unfinished upload of this age is abandoned. */
const ABANDONED_MS = 24 * 3600 * 1000;

export interface WatchDeps {
  folder: string;
  register: Register;
  /** Returns which of these files are listed as imports, in their present state. */
  knownFiles: (files: readonly SentFile[]) => Promise<Set<string>>;
  log: {
    info: (fields: object, message: string) => void;
    warn: (fields: object, message: string) => void;
  };
  /** The pause between two looks. */
  everyMs: number;
}

/** Takes complete files that appear in the inbox. Files are never moved, changed or removed. */
export function watchInbox(deps: WatchDeps): { stop(): Promise<void> } {
  const { folder, log } = deps;
  const scan = new InboxScan(folder, (path, reason) => log.info({ path, reason }, "left alone in the inbox"));
  const known = new Map<string, string>();
  const failed = new Map<string, string>();
  let isStopped = false;

  const take = async ({ file, mapping }: FoundFile): Promise<void> => {
    const importIds = await deps.register.register(file.path, { mapping, again: false, onlyUnknown: true });
    known.set(file.path, stateText(file));
    for (const importId of importIds)
      log.info({ import_id: importId, path: file.path, mapping }, "took a file from the inbox");
  };

  const look = async (): Promise<void> => {
    await removeAbandoned(folder);
    const found = await scan.next();
    forgetOthers(found);
    const news = found.filter(
      ({ file }) => known.get(file.path) !== stateText(file) && !deps.register.isUnderWay(file.path),
    );
    const listed = await deps.knownFiles(news.map(({ file }) => file));
    for (const one of news) {
      if (isStopped) return;
      if (listed.has(one.file.path)) known.set(one.file.path, stateText(one.file));
      else await take(one).catch((error) => notTaken(error, one.file));
    }
  };

  const forgetOthers = (found: readonly FoundFile[]): void => {
    const paths = new Set(found.map(({ file }) => file.path));
    for (const map of [known, failed]) for (const path of map.keys()) if (!paths.has(path)) map.delete(path);
  };

  /** The file is tried again with every look, and logged once. */
  const notTaken = (error: unknown, file: SentFile): void => {
    if (error instanceof AppError && (error.code === "file_changed" || error.code === "service_stopping")) return;
    if (failed.get(file.path) === stateText(file)) return;
    failed.set(file.path, stateText(file));
    log.warn({ err: error, path: file.path }, "a file in the inbox could not be taken");
  };

  const ticker = new Ticker(look, deps.everyMs, (error) =>
    log.warn({ err: error, path: folder }, "the inbox could not be looked into"),
  );
  ticker.run(true);
  return {
    stop: async () => {
      isStopped = true;
      await ticker.stop();
    },
  };
}

const stateText = ({ bytes, modifiedAt }: SentFile) => `${bytes} ${modifiedAt}`;

/** Removes the uploads of a process that no longer runs. */
async function removeAbandoned(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!UPLOAD_NAME.test(name)) continue;
    const path = join(folder, name);
    const state = await stat(path).catch(() => undefined);
    if (state && Date.now() - state.mtimeMs > ABANDONED_MS) await rm(path, { force: true });
  }
}
