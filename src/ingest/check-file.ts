import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { AppError } from "../errors.ts";
import { createTextCheck, unpack } from "./read-body.ts";
import { formOf } from "./rows.ts";

const READ_BYTES = 256 * 1024;
const GZIP = Buffer.from([0x1f, 0x8b]);

/** What one look at a file tells. */
export interface CheckedFile {
  /** SHA-256 of its bytes. */
  digest: Buffer;
  packed: boolean;
  /** A JSON object a line, whatever its name says: many programs call such a file .json. */
  isNdjson: boolean;
  /** Why it cannot be read: it is no whole gzip, or not UTF-8. */
  fault: AppError | undefined;
}

/** Reads a file from its beginning to its end, holding no more than a piece of it. */
export async function checkFile(path: string, signal?: AbortSignal): Promise<CheckedFile> {
  const packed = await isPacked(path);
  const hash = createHash("sha256");
  const text = createTextCheck();
  let head: Buffer | undefined;
  let fault: AppError | undefined;
  async function* hashed() {
    for await (const chunk of bytesOf(path, signal)) {
      hash.update(chunk);
      yield chunk;
    }
  }
  const bytes = hashed();
  try {
    for await (const chunk of unpack(bytes, packed)) {
      head ??= chunk;
      text.add(chunk);
    }
    text.end();
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    fault = error;
  }
  // What cannot be unpacked, or stands behind what can, was not read to its end.
  const digest = packed || fault ? await digestOf(path, signal) : hash.digest();
  return { digest, packed, isNdjson: formOf(head?.toString("utf8") ?? "", undefined) === "ndjson", fault };
}

async function isPacked(path: string): Promise<boolean> {
  const file = await open(path);
  try {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(GZIP.length), 0, GZIP.length, 0);
    return bytesRead === GZIP.length && buffer.equals(GZIP);
  } finally {
    await file.close();
  }
}

/** SHA-256 of a file's bytes. */
export async function digestOf(path: string, signal?: AbortSignal): Promise<Buffer> {
  const hash = createHash("sha256");
  for await (const chunk of bytesOf(path, signal)) hash.update(chunk);
  return hash.digest();
}

const bytesOf = (path: string, signal: AbortSignal | undefined): AsyncIterable<Buffer> =>
  createReadStream(path, { highWaterMark: READ_BYTES, ...(signal ? { signal } : {}) });
