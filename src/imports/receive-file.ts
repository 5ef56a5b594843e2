import { randomUUID } from "node:crypto";
import { createWriteStream } from "node:fs";
import { lstat, open, rm } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { AppError } from "../errors.ts";
import { fileAt } from "../ingest/sent-file.ts";
import { digestOf } from "./check-file.ts";
import { contentTypeOf, FILE_ENDING } from "./imports.ts";
import { folderInInbox, type Inbox, placeFile } from "./inbox-folder.ts";
import { unknownKind } from "./register-import.ts";

/** The name of a file until it is complete. */
export const UPLOAD_NAME = /^\.upload-[0-9a-f-]{36}$/;
const MAX_NAME_BYTES = 150;

/**
 * Stores an upload as a file in the inbox. The file gets its name once it is complete and on the disk. Nothing is left
 * of an upload that breaks off.
 *
 * @param folder below the inbox; undefined: the inbox itself
 * @returns its absolute path: under the given name, or under a name made from it if another content has that name
 * @throws AppError invalid_parameter for the name, insufficient_storage, request_timeout
 */
export async function receiveFile(
  inbox: Inbox,
  folder: string | undefined,
  name: string,
  body: AsyncIterable<Buffer> | null,
  signal: AbortSignal,
): Promise<string> {
  checkName(name);
  if (!body) throw new AppError("invalid_body", "The body is empty; expected the content of the file.");
  const target = folder === undefined ? inbox.folder : await folderInInbox(inbox, folder);
  const draft = join(inbox.folder, `.upload-${randomUUID()}`);
  try {
    await pipeline(body, createWriteStream(draft, { flags: "wx", flush: true }), { signal });
    const path = await place(draft, target, name);
    await syncFolder(target);
    return path;
  } catch (error) {
    if (signal.aborted) throw new AppError("service_stopping", "The service is stopping; send the file again later.");
    if (["ENOSPC", "EDQUOT"].includes((error as { code?: string }).code ?? "")) {
      throw new AppError(
        "insufficient_storage",
        "There is no room in the inbox for this file; nothing of it was kept.",
        {},
        { retryAfterSeconds: 30 },
      );
    }
    if (error instanceof AppError && error.code === "invalid_body") {
      throw new AppError("invalid_body", "The upload broke off; nothing of the file was kept.", {}, { cause: error });
    }
    throw error;
  } finally {
    await rm(draft, { force: true });
  }
}

function checkName(name: string): void {
  const isPlain = !/[/\\\p{Cc}]/u.test(name) && name.isWellFormed() && !name.startsWith(".");
  if (isPlain && Buffer.byteLength(name) <= MAX_NAME_BYTES) {
    if (contentTypeOf(name) === undefined) throw unknownKind("file", "invalid_parameter");
    return;
  }
  const detail = `expected a file name of at most ${MAX_NAME_BYTES} bytes, without folders and no dot first`;
  throw new AppError("invalid_parameter", `file: ${detail}`, { errors: [{ field: "file", detail }] });
}

async function place(draft: string, folder: string, name: string): Promise<string> {
  if (placeFile(draft, join(folder, name))) return join(folder, name);
  const { bytes } = await fileAt(draft);
  const digest = await digestOf(draft);
  const [stem = "", ending = ""] = splitAtEnding(name);
  const names = [
    name,
    `${stem}-${digest.toString("hex", 0, 4)}${ending}`,
    `${stem}-${digest.toString("hex")}${ending}`,
  ];
  for (const candidate of names) {
    const path = join(folder, candidate);
    if (placeFile(draft, path)) return path;
    if (await isSameContent(path, bytes, digest)) return path;
  }
  throw new Error(`there are other files under every name for ${name}`);
}

/** The stem of a file's name, and the ending that tells its kind. */
function splitAtEnding(name: string): [stem: string, ending: string] {
  const at = (FILE_ENDING.exec(name)?.index ?? name.length) + 1;
  return [name.slice(0, at), name.slice(at)];
}

async function isSameContent(path: string, bytes: number, digest: Buffer): Promise<boolean> {
  try {
    // A link with that name is not followed.
    return (await lstat(path)).isFile() && (await fileAt(path)).bytes === bytes && digest.equals(await digestOf(path));
  } catch {
    // A folder has the name, or the file is gone.
    return false;
  }
}

/** Writes the name to the disk as well. Not every system can. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder).catch(() => undefined);
  await handle?.sync().catch(() => {});
  await handle?.close();
}
