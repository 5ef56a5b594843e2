import { createReadStream, statSync } from "node:fs";
import { stat } from "node:fs/promises";
import { basename } from "node:path";
import type { SentFile, WorkRequest } from "../batches/work.ts";
import { AppError } from "../errors.ts";

/** Large enough that the check of the file's state after each piece costs little. */
const READ_BYTES = 256 * 1024;

/** A file as it is now. */
export async function fileAt(path: string): Promise<SentFile> {
  const { size, mtime } = await stat(path);
  return { path, bytes: size, modifiedAt: mtime.toISOString() };
}

export const isSameState = (a: SentFile, b: SentFile): boolean => a.bytes === b.bytes && a.modifiedAt === b.modifiedAt;

/**
 * Reads a file from a byte on, for as long as it is unchanged. Bytes that were read after a change are not returned.
 *
 * @throws AppError file_changed
 */
export async function* readUnchanged(file: SentFile, from = 0): AsyncGenerator<Buffer> {
  await checkUnchanged(file);
  try {
    for await (const chunk of createReadStream(file.path, { start: from, highWaterMark: READ_BYTES })) {
      await checkUnchanged(file);
      yield chunk as Buffer;
    }
  } catch (error) {
    throw isGone(error) ? changed(file, "removed") : error;
  }
}

/** @throws AppError file_changed */
export async function checkUnchanged(file: SentFile): Promise<void> {
  const now = await fileAt(file.path).catch((error) => {
    throw isGone(error) ? changed(file, "removed") : error;
  });
  if (!isSameState(now, file)) throw changed(file, "changed");
}

function changed({ path }: SentFile, how: "changed" | "removed"): AppError {
  const detail = `${basename(path)} was ${how} after it was taken; the rows that were stored by then are kept.`;
  return new AppError("file_changed", detail);
}

export const isGone = (error: unknown): boolean =>
  ["ENOENT", "ENOTDIR"].includes((error as { code?: string }).code ?? "");

/**
 * Whether this process can read the file of a batch as it was taken, or can tell that no process can. A file that is
 * not here may be on the machine that took it.
 *
 * @param inboxId the inbox that this process watches
 */
export function canJudge({ file }: WorkRequest, inboxId: string | undefined): boolean {
  if (!file || file.inbox === inboxId) return true;
  try {
    const { size, mtime } = statSync(file.path);
    return isSameState(file, { path: file.path, bytes: size, modifiedAt: mtime.toISOString() });
  } catch {
    return false;
  }
}
