import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { SentFile } from "../batches/work.ts";
import { fileAt, isGone, isSameState } from "../ingest/sent-file.ts";
import { contentTypeOf, FILE_KINDS } from "./imports.ts";

/** A program that is still writing a file does so at least this often. */
const QUIET_MS = 5000;

export interface FoundFile {
  file: SentFile;
  /** The folder of the file in the inbox. */
  mapping: string | undefined;
}

/**
 * Lists the inbox repeatedly, and reports the files that are complete: those that did not change since the last look.
 */
export class InboxScan {
  readonly #folder: string;
  readonly #onIgnored: (path: string, reason: string) => void;
  #before = new Map<string, SentFile>();
  #ignored = new Set<string>();

  /** @param onIgnored called once for each file or folder that is ignored for good */
  constructor(folder: string, onIgnored: (path: string, reason: string) => void = () => {}) {
    this.#folder = folder;
    this.#onIgnored = onIgnored;
  }

  /** The complete files, sorted by their paths. The first call returns none. */
  async next(now = Date.now()): Promise<FoundFile[]> {
    const seen = new Map<string, SentFile>();
    const ignored = new Set<string>();
    const whole: FoundFile[] = [];
    for (const { path, mapping, reason } of await listFiles(this.#folder)) {
      if (reason !== undefined) {
        if (!this.#ignored.has(path)) this.#onIgnored(path, reason);
        ignored.add(path);
        continue;
      }
      const file = await stateOf(path);
      if (!file) continue;
      seen.set(path, file);
      const before = this.#before.get(path);
      if (before && isSameState(before, file) && isQuiet(file, now)) whole.push({ file, mapping });
    }
    this.#before = seen;
    this.#ignored = ignored;
    return whole;
  }
}

/** The files in the inbox as they are now, complete or not, sorted by their paths. */
export async function listInbox(folder: string): Promise<FoundFile[]> {
  const found: FoundFile[] = [];
  for (const { path, mapping, reason } of await listFiles(folder)) {
    const file = reason === undefined ? await stateOf(path) : undefined;
    if (file) found.push({ file, mapping });
  }
  return found;
}

/** If this clock runs behind that of the file's machine, the file must not wait for ever. */
const isQuiet = ({ modifiedAt }: SentFile, now: number) => Math.abs(now - Date.parse(modifiedAt)) >= QUIET_MS;

async function stateOf(path: string): Promise<SentFile | undefined> {
  try {
    return await fileAt(path);
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}

interface Listed {
  path: string;
  mapping: string | undefined;
  /** Why the entry is ignored. */
  reason?: string;
}

/** Lists the inbox and its folders, without entries that are hidden or still being written. */
async function listFiles(folder: string, mapping?: string): Promise<Listed[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error) => {
    if (mapping !== undefined && isGone(error)) return [];
    throw error;
  });
  const found: Listed[] = [];
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(folder, entry.name);
    if (isPassing(entry.name)) continue;
    if (entry.isDirectory()) {
      if (mapping === undefined) found.push(...(await listFiles(path, entry.name)));
      else found.push({ path, mapping, reason: "it is a folder in a folder" });
    } else if (!entry.isFile()) {
      found.push({
        path,
        mapping,
        reason: "it is a link, or no file at all",
      });
    } else if (contentTypeOf(entry.name) === undefined) {
      found.push({ path, mapping, reason: `its name does not end with ${FILE_KINDS}` });
    } else if (mapping === undefined && /\.txt$/i.test(entry.name)) {
      found.push({ path, mapping, reason: "a .txt file is taken from the folder of a mapping only" });
    } else found.push({ path, mapping });
  }
  return found;
}

/** Whether a file is hidden, or has the name that copying programs and editors give to unfinished files. */
const isPassing = (name: string) => /^\.|\.(tmp|part|crdownload)$|~$/i.test(name);
