import { randomUUID } from "node:crypto";
import { createWriteStream } from "node:fs";
import { mkdir, open, rm } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { ReadableStream } from "node:stream/web";
import { AppError } from "../errors.ts";
import { contentTypeOf } from "../imports.ts";
import { digestOf } from "./check-file.ts";
import { type Inbox, placeFile } from "./inbox-folder.ts";
import { unknownKind } from "./register-import.ts";
import { fileAt } from "./sent-file.ts";

/** How a file is called until it is whole. */
export const UPLOAD_NAME = /^\.upload-[0-9a-f-]{36}$/;
const MAX_NAME_BYTES = 150;

/**
 * Keeps what is sent as a file in the inbox. It has its name once it is whole and on the disk; of what breaks off nothing
 * is left.
 *
 * @param folder below the inbox; none: the inbox itself
 * @returns its absolute path: under the given name, or one made from it if another content has that name
 * @throws AppError invalid_parameter for the name, disk_full
 */
export async function receiveFile(
  inbox: Inbox,
  folder: string | undefined,
  name: string,
  body: ReadableStream<Uint8Array> | null,
  signal: AbortSignal,
): Promise<string> {
  checkName(name);
  if (!body) throw new AppError("invalid_body", "The body is empty; expected the content of the file.");
  const target = join(inbox.folder, folder ?? "");
  const draft = join(inbox.folder, `.upload-${randomUUID()}`);
  try {
    await mkdir(target, { recursive: true });
    await pipeline(Readable.fromWeb(body), createWriteStream(draft, { flags: "wx", flush: true }), { signal });
    const path = await place(draft, target, name);
    await syncFolder(target);
    return path;
  } catch (error) {
    if (signal.aborted) throw new AppError("service_stopping", "The service is stopping; send the file again later.");
    if (["ENOSPC", "EDQUOT"].includes((error as { code?: string }).code ?? "")) {
      throw new AppError("disk_full", "There is no room in the inbox for this file; nothing of it was kept.");
    }
    if (["ECONNRESET", "ERR_STREAM_PREMATURE_CLOSE"].includes((error as { code?: string }).code ?? "")) {
      throw new AppError("invalid_body", "The upload broke off; nothing of the file was kept.");
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
  const [stem = "", ending = ""] = name.split(/(?=\.(?:csv|ndjson|jsonl|json)(?:\.gz)?$)/i);
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

async function isSameContent(path: string, bytes: number, digest: Buffer): Promise<boolean> {
  try {
    return (await fileAt(path)).bytes === bytes && digest.equals(await digestOf(path));
  } catch {
    // A folder has the name, or the file is gone.
    return false;
  }
}

/** So that the name is on the disk as well; not every system can. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder).catch(() => undefined);
  await handle?.sync().catch(() => {});
  await handle?.close();
}
