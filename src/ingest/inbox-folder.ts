import { randomUUID } from "node:crypto";
import { existsSync, linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { realpath, stat } from "node:fs/promises";
import { isAbsolute, join, normalize, sep } from "node:path";
import { AppError } from "../errors.ts";
import { isGone } from "./sent-file.ts";

/** Tells inboxes apart: two machines may have one under the same path, and one may have two paths. */
const ID_FILE = ".tripgrid-inbox";

export interface Inbox {
  /** Absolute. */
  folder: string;
  /** The same for all who share the folder; none if it cannot be written to. */
  id: string | undefined;
}

/**
 * Makes the inbox if it is not there.
 *
 * @param warn told why it cannot be used, or only be read
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
 * Gives a whole file its name, unless there is one of that name.
 *
 * @returns whether it has the name; if not, it is as it was
 */
export function placeFile(draft: string, path: string): boolean {
  try {
    linkSync(draft, path);
  } catch (error) {
    if ((error as { code?: string }).code === "EEXIST") return false;
    // Some file systems know no links. That the name is taken just now cannot be ruled out there.
    if (existsSync(path)) return false;
    renameSync(draft, path);
    return true;
  }
  rmSync(draft);
  return true;
}

/**
 * The absolute path of a file in the inbox.
 *
 * @param path as somebody asks for it, below the inbox
 * @throws AppError invalid_body if it leads out of the inbox; not_found
 */
export async function pathInInbox({ folder }: Inbox, path: string): Promise<string> {
  const parts = path.split(/[/\\]/);
  if (path.includes("\0") || isAbsolute(path) || parts.includes("..") || parts.every((part) => part === "")) {
    throw wrongPath("expected the path of a file inside the inbox, such as trips.csv");
  }
  const asked = join(folder, normalize(path));
  try {
    const real = await realpath(asked);
    if (!real.startsWith((await realpath(folder)) + sep)) throw wrongPath("it leads out of the inbox");
    if (!(await stat(real)).isFile()) throw wrongPath("expected a file, not a folder");
  } catch (error) {
    if (isGone(error)) throw new AppError("not_found", `There is no file ${path} in the inbox.`);
    throw error;
  }
  return asked;
}

function wrongPath(detail: string): AppError {
  return new AppError("invalid_body", `path: ${detail}`, { errors: [{ field: "path", detail }] });
}
