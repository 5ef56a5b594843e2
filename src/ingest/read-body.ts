import { Readable, type Transform } from "node:stream";
import { createGunzip, gunzip as gunzipWhole } from "node:zlib";
import type { SentBody } from "../batch.ts";
import { AppError } from "../errors.ts";

/** The bytes of a body as they were sent: all of it, or its first ones and what is still to come. */
export interface BodyHead {
  bytes: Buffer;
  rest: AsyncIterable<Buffer> | undefined;
}

/**
 * Reads a body up to so many bytes, or a little more.
 *
 * @throws AppError body_too_large if it says that it is longer than `maxBytes`; unsupported_encoding
 */
export async function readHead(body: SentBody, headBytes: number, maxBytes: number): Promise<BodyHead> {
  checkEncoding(body.contentEncoding);
  if ((body.contentLength ?? 0) > maxBytes) throw tooLarge(maxBytes);
  return readOn({ bytes: Buffer.alloc(0), rest: body.stream ? sentBytes(body.stream) : undefined }, headBytes);
}

async function* sentBytes(stream: NonNullable<SentBody["stream"]>): AsyncGenerator<Buffer> {
  try {
    yield* Readable.fromWeb(stream) as AsyncIterable<Buffer>;
  } catch (error) {
    throw new AppError("invalid_body", "The body broke off before its end.", {}, { cause: error });
  }
}

/** Reads on, until so many bytes are there in all, or a little more. */
export async function readOn({ bytes: first, rest }: BodyHead, headBytes: number): Promise<BodyHead> {
  if (!rest) return { bytes: first, rest };
  const chunks: Buffer[] = [first];
  let bytes = first.length;
  const iterator = rest[Symbol.asyncIterator]();
  while (bytes <= headBytes) {
    const { done, value } = await iterator.next();
    if (done) return { bytes: Buffer.concat(chunks), rest: undefined };
    bytes += value.length;
    chunks.push(value);
  }
  return { bytes: Buffer.concat(chunks), rest: { [Symbol.asyncIterator]: () => iterator } };
}

/** @throws AppError unsupported_encoding for anything but gzip or none */
function checkEncoding(encoding: string | undefined): void {
  if (!["identity", "gzip", "x-gzip"].includes(normal(encoding))) {
    throw new AppError("unsupported_encoding", `Content-Encoding: expected gzip or none, but got ${encoding?.trim()}.`);
  }
}

const normal = (encoding: string | undefined) => encoding?.trim().toLowerCase() || "identity";

export const isPacked = (encoding: string | undefined) => normal(encoding) !== "identity";

/**
 * Unpacks what is held whole.
 *
 * @returns nothing if that would be more than `maxBytes`
 * @throws AppError invalid_encoding
 */
export async function unpackWhole(
  bytes: Buffer,
  encoding: string | undefined,
  maxBytes: number,
): Promise<Buffer | undefined> {
  if (!isPacked(encoding)) return bytes.length > maxBytes ? undefined : bytes;
  return new Promise((resolve, reject) =>
    gunzipWhole(bytes, { maxOutputLength: maxBytes }, (error, unpacked) => {
      const { code = "" } = (error ?? {}) as { code?: string };
      if (!error) resolve(unpacked);
      else if (code === "ERR_BUFFER_TOO_LARGE") resolve(undefined);
      else reject(code.startsWith("Z_") ? notGzip(error) : error);
    }),
  );
}

/**
 * Unpacks a stream.
 *
 * @throws AppError invalid_encoding, while it is read
 */
export async function* unpack(bytes: AsyncIterable<Buffer>, packed: boolean): AsyncGenerator<Buffer> {
  if (!packed) {
    yield* bytes;
    return;
  }
  const source = Readable.from(bytes, { objectMode: false });
  const gunzip: Transform = createGunzip();
  source.on("error", (error) => gunzip.destroy(error));
  try {
    yield* source.pipe(gunzip) as AsyncIterable<Buffer>;
  } catch (error) {
    const { code = "" } = error as { code?: string };
    throw code.startsWith("Z_") ? notGzip(error) : error;
  } finally {
    source.destroy();
  }
}

/** @throws AppError invalid_encoding */
export function decode(bytes: Buffer): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    throw notUtf8(error);
  }
}

/** Checks the text of a stream as it passes by. */
export function createTextCheck(): { add(bytes: Buffer): void; end(): void } {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  const check = (bytes: Buffer, stream: boolean) => {
    try {
      decoder.decode(bytes, { stream });
    } catch (error) {
      throw notUtf8(error);
    }
  };
  return { add: (bytes) => check(bytes, true), end: () => check(Buffer.alloc(0), false) };
}

const notGzip = (cause: unknown) => new AppError("invalid_encoding", "The body is not valid gzip.", {}, { cause });
const notUtf8 = (cause: unknown) => new AppError("invalid_encoding", "The body is not UTF-8.", {}, { cause });

export const tooLarge = (maxBytes: number) =>
  new AppError("body_too_large", `The body is larger than ${maxBytes} bytes; send it in parts.`, {
    max_bytes: maxBytes,
  });
