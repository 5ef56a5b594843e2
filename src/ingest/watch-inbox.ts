import { readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { type Logger as CronLogger, schedule } from "node-cron";
import type { SentFile } from "../batch.ts";
import { AppError } from "../errors.ts";
import { UPLOAD_NAME } from "./receive-file.ts";
import type { Register } from "./register-import.ts";
import { type FoundFile, InboxScan } from "./scan-inbox.ts";

const EVERY_5_SECONDS = "*/5 * * * * *";
/** An upload that nobody goes on with. */
const ABANDONED_MS = 24 * 3600 * 1000;

export interface WatchDeps {
  folder: string;
  register: Register;
  /** Which of these files are listed as imports, as they are now. */
  knownFiles: (files: readonly SentFile[]) => Promise<Set<string>>;
  log: {
    info: (fields: object, message: string) => void;
    warn: (fields: object, message: string) => void;
  };
}

/** Takes what appears in the inbox and is whole. Files are never moved, changed or removed. */
export function watchInbox(deps: WatchDeps): { stop(): Promise<void> } {
  const { folder, log } = deps;
  const scan = new InboxScan(folder, (path, reason) => log.info({ path, reason }, "left alone in the inbox"));
  const known = new Map<string, string>();
  const failed = new Map<string, string>();
  let running: Promise<void> | undefined;
  let isStopped = false;

  const take = async ({ file, mapping }: FoundFile): Promise<void> => {
    const importId = await deps.register.register(file.path, { mapping, again: false, onlyUnknown: true });
    known.set(file.path, stateText(file));
    if (importId !== undefined)
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

  /** It is tried again with every look, and spoken of once. */
  const notTaken = (error: unknown, file: SentFile): void => {
    if (error instanceof AppError && (error.code === "file_changed" || error.code === "service_stopping")) return;
    if (failed.get(file.path) === stateText(file)) return;
    failed.set(file.path, stateText(file));
    log.warn({ err: error, path: file.path }, "a file in the inbox could not be taken");
  };

  let lookFailed = false;
  const lookOnce = (): void => {
    // A large file takes longer to read than from one look to the next.
    running ??= look()
      .then(
        () => {
          lookFailed = false;
        },
        (error) => {
          if (!lookFailed) log.warn({ err: error, path: folder }, "the inbox could not be looked into");
          lookFailed = true;
        },
      )
      .finally(() => {
        running = undefined;
      });
  };

  lookOnce();
  const task = schedule(EVERY_5_SECONDS, lookOnce, { suppressMissedWarning: true, logger: quiet });
  return {
    stop: async () => {
      isStopped = true;
      await task.destroy();
      await running;
    },
  };
}

const stateText = ({ bytes, modifiedAt }: SentFile) => `${bytes} ${modifiedAt}`;

/** It would write to the standard output, between the lines of the log. */
const quiet: CronLogger = { info: () => {}, warn: () => {}, error: () => {}, debug: () => {} };

/** Uploads of a process that is no more. */
async function removeAbandoned(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!UPLOAD_NAME.test(name)) continue;
    const path = join(folder, name);
    const state = await stat(path).catch(() => undefined);
    if (state && Date.now() - state.mtimeMs > ABANDONED_MS) await rm(path, { force: true });
  }
}
