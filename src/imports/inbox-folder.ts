import { randomUUID } from "node:crypto";
import { existsSync, linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { lstat } from "node:fs/promises";
import { isAbsolute, join, normalize, sep } from "node:path";
import { AppError } from "../errors.ts";
import { isGone } from "../ingest/sent-file.ts";

/** Identifies an inbox: two machines may have one under the same path, and one inbox may have two paths. */
const ID_FILE = ".tripgrid-inbox";

export interface Inbox {
  /** The absolute path. */
  folder: string;
  /** The same for all processes that share the folder. Undefined: the folder cannot be written to. */
  id: string | undefined;
}

/**
 * Creates the inbox if it does not exist.
 *
 * @param warn called with the reason if the inbox cannot be used, or only be read
 */
export function openInbox(folder: string, warn: (error: unknown) => void): Inbox {
  const idFile = join(folder, ID_FILE);
  try {
    mkdirSync(folder, { recursive: true });
    if (!existsSync(idFile)) {
      const draft = join(folder, `${ID_FILE}-${randomUUID()}`);
      writeFileSync(draft, randomUUID());
      placeFile(draft, idFile);
    }
    return { folder, id: readFileSync(idFile, "utf8") };
  } catch (error) {
    warn(error);
    return { folder, id: undefined };
  }
}

/**
 * Gives a complete file its name, unless a file of that name exists.
 *
 * @returns whether the file has the name; if not, it is unchanged
 */
export function placeFile(draft: string, path: string): boolean {
  try {
    linkSync(draft, path);
  } catch (error) {
    if ((error as { code?: string }).code === "EEXIST") return false;
    // Some file systems have no links. On these, another process can take the name at this moment.
    if (existsSync(path)) return false;
    renameSync(draft, path);
    return true;
  }
  rmSync(draft);
  return true;
}

/** The most bytes of a path below the inbox. Systems allow 4,096 for a whole path, and 255 for each part of it. */
export const MAX_PATH_BYTES = 1000;

/**
 * The absolute path of a file in the inbox. Links are not followed, wherever they lead. The inbox itself may be a link.
 *
 * @param path the requested path, below the inbox
 * @throws AppError invalid_body if it is not the path of a file in the inbox; not_found
 */
export async function pathInInbox({ folder }: Inbox, path: string): Promise<string> {
  const parts = path.split(/[/\\]/);
  if (path.includes("\0") || isAbsolute(path) || parts.includes("..") || parts.every((part) => part === "")) {
    throw wrongPath("expected the path of a file inside the inbox, such as trips.csv");
  }
  if (Buffer.byteLength(path) > MAX_PATH_BYTES) throw wrongPath(`expected at most ${MAX_PATH_BYTES} bytes`);
  const below = normalize(path);
  try {
    if (!(await kindOf(folder, below)).isFile()) throw wrongPath("expected a file, not a folder");
  } catch (error) {
    if (isGone(error)) throw new AppError("not_found", `There is no file ${path} in the inbox.`);
    if (["ENAMETOOLONG", "EACCES"].includes((error as { code?: string }).code ?? "")) {
      throw wrongPath("it cannot be opened");
    }
    throw error;
  }
  return join(folder, below);
}

/** The kind of the entry at the end of a path. No part of the path may be a link. */
async function kindOf(folder: string, below: string) {
  let path = folder;
  let found = await lstat(join(folder, "."));
  for (const part of below.split(sep)) {
    path = join(path, part);
    found = await lstat(path);
    if (found.isSymbolicLink()) throw wrongPath("links in the inbox are not followed");
  }
  return found;
}

/**
 * Creates a folder of the inbox if it is missing.
 *
 * @param name the name of the mapping of its files
 * @returns its absolute path
 * @throws AppError invalid_parameter if something else has that name, such as a link
 */
export async function folderInInbox({ folder }: Inbox, name: string): Promise<string> {
  const path = join(folder, name);
  const wrong = (detail: string) =>
    new AppError("invalid_parameter", `mapping: ${detail}`, { errors: [{ field: "mapping", detail }] });
  try {
    mkdirSync(path, { recursive: true });
    if ((await lstat(path)).isDirectory()) return path;
  } catch (error) {
    const { code = "" } = error as { code?: string };
    if (code === "ENAMETOOLONG") throw wrong("its name is too long for a folder of the inbox");
    // The folder cannot be created in the place of a link that leads nowhere.
    if (!["EEXIST", "ENOENT", "ENOTDIR"].includes(code)) throw error;
  }
  throw wrong("what the inbox has under this name is no folder; links are not followed");
}

function wrongPath(detail: string): AppError {
  return new AppError("invalid_body", `path: ${detail}`, { errors: [{ field: "path", detail }] });
}
