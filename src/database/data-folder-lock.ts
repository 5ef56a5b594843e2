import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { tryLock } from "fs-native-extensions";
import { StartError } from "../errors.ts";

/**
 * Takes the exclusive lock on the embedded engine's data folder: two processes on one folder lose acknowledged trips
 * without any error. The operating system holds the lock, so it ends with the process in every case.
 *
 * @returns a function that releases it
 * @throws StartError naming the process that holds the folder
 */
export function lockDataFolder(folder: string): () => void {
  let fd: number;
  try {
    mkdirSync(folder, { recursive: true });
    fd = openSync(join(folder, "lock"), "a+");
  } catch (error) {
    throw new StartError(`The data folder ${folder} (TRIPGRID_DATA_DIR) cannot be used: ${(error as Error).message}.`);
  }
  if (!tryLock(fd)) {
    closeSync(fd);
    throw new StartError(
      `The data folder ${folder} is in use by ${holderOf(folder)}. Stop it first, or set TRIPGRID_DATA_DIR to another folder.`,
    );
  }
  // A separate file names the holder: where locks are mandatory (Windows), a locked file cannot be read.
  writeFileSync(join(folder, "lock.holder"), `process ${process.pid}, since ${new Date().toISOString()}`);
  return () => closeSync(fd);
}

function holderOf(folder: string): string {
  try {
    return `another Tripgrid (${readFileSync(join(folder, "lock.holder"), "utf8")})`;
  } catch {
    return "another Tripgrid";
  }
}
