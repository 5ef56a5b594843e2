import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import type { SentMember } from "../batches/work.ts";
import { membersOf } from "../containers/container.ts";
import { kindInGzip, kindOf, unsupported } from "../containers/file-kind.ts";
import { openFile } from "../containers/random-access.ts";
import { AppError } from "../errors.ts";
import { unpack } from "../parsing/read-body.ts";
import { formOf } from "../parsing/rows.ts";
import { createBlankCheck } from "../text/blank-run.ts";
import { createCharsetLook, decoderOf, UTF8 } from "../text/charset.ts";

const READ_BYTES = 256 * 1024;
const HEAD_BYTES = 64 * 1024;

/** The results of one reading of a file. */
export interface CheckedFile {
  /** SHA-256 of its bytes. */
  digest: Buffer;
  packed: boolean;
  /** True for one JSON object per line, whatever the file's name says: many programs call such a file .json. */
  isNdjson: boolean;
  /** The character encoding of its text. */
  charset: string;
  /** Why the file cannot be read: it is not a whole gzip, or blank over a long stretch. */
  fault: AppError | undefined;
  /** The table in a container. Undefined: the file is a text. */
  member: { contentType: string | undefined; address: SentMember } | undefined;
}

/** How a file is to be read. */
interface CheckOptions {
  charset?: string | undefined;
  sheet?: string | undefined;
}

/**
 * Reads a file from its beginning to its end, and holds no more than a piece of it.
 *
 * @returns one result for a text, one for each table of a container, and one with a fault for what holds no rows
 */
export async function checkFile(
  path: string,
  options: CheckOptions = {},
  signal?: AbortSignal,
): Promise<CheckedFile[]> {
  try {
    const kind = kindOf(await headOf(path));
    if (kind === "zip" || kind === "parquet") return await checkMembers(path, kind, options, signal);
    const inner = kind === "gzip" ? kindInGzip(await headOf(path)) : "text";
    if (inner !== "text")
      throw unsupported(`a gzip of a ${inner === "zip" ? "ZIP or XLSX" : inner} file`, "Unpack it.");
    return [await checkText(path, kind === "gzip", options, signal)];
  } catch (error) {
    if (!(error instanceof AppError) || signal?.aborted) throw error;
    const digest = await digestOf(path, signal);
    return [{ digest, packed: false, isNdjson: false, charset: UTF8, fault: error, member: undefined }];
  }
}

async function checkText(
  path: string,
  packed: boolean,
  { charset: declared }: CheckOptions,
  signal: AbortSignal | undefined,
): Promise<CheckedFile> {
  const hash = createHash("sha256");
  async function* hashed() {
    for await (const chunk of bytesOf(path, signal)) {
      hash.update(chunk);
      yield chunk;
    }
  }
  const found = await lookAt(unpack(hashed(), packed), declared);
  // Bytes that cannot be unpacked, or that follow the packed ones, were not read to their end.
  const digest = packed || found.fault ? await digestOf(path, signal) : hash.digest();
  return { ...found, digest, packed, member: undefined };
}

/** Checks the tables of a container. Each is known by its text, so that the same table is known in another container. */
async function checkMembers(
  path: string,
  kind: "zip" | "parquet",
  { charset, sheet }: CheckOptions,
  signal: AbortSignal | undefined,
): Promise<CheckedFile[]> {
  const source = await openFile(path);
  try {
    const checked: CheckedFile[] = [];
    for (const { name, contentType, open } of await membersOf(source, kind, { sheet })) {
      const hash = createHash("sha256");
      async function* hashed() {
        for await (const chunk of open()) {
          signal?.throwIfAborted();
          hash.update(chunk);
          yield chunk;
        }
      }
      const found = await lookAt(hashed(), charset);
      const address = { kind, name, ...(sheet === undefined ? {} : { sheet }) };
      checked.push({ ...found, digest: hash.digest(), packed: false, member: { contentType, address } });
    }
    return checked;
  } finally {
    await source.close();
  }
}

async function lookAt(
  bytes: AsyncIterable<Buffer>,
  declared: string | undefined,
): Promise<Pick<CheckedFile, "isNdjson" | "charset" | "fault">> {
  const look = createCharsetLook(declared);
  const blanks = createBlankCheck();
  let head: Buffer | undefined;
  let fault: AppError | undefined;
  try {
    for await (const chunk of bytes) {
      head ??= chunk;
      look.add(chunk);
      blanks.add(chunk);
    }
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    fault = error;
  }
  const charset = look.end();
  const text = decoderOf(charset)(head ?? Buffer.alloc(0), true);
  return { isNdjson: formOf(text, undefined) === "ndjson", charset, fault };
}

async function headOf(path: string): Promise<Buffer> {
  const file = await open(path);
  try {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
    return buffer.subarray(0, bytesRead);
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
