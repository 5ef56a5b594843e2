import { Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import type { SentBody } from "../batch.ts";
import { AppError } from "../errors.ts";

/**
 * The text of a body, unpacked. Never holds more than `maxBytes` of it: a longer one is refused by its announced length,
 * or as soon as it gets there, packed or unpacked.
 *
 * @throws AppError body_too_large, unsupported_encoding, invalid_encoding
 */
export async function readBody(body: SentBody, maxBytes: number): Promise<string> {
  const encoding = body.contentEncoding?.trim().toLowerCase() || "identity";
  if (!["identity", "gzip", "x-gzip"].includes(encoding)) {
    throw new AppError("unsupported_encoding", `Content-Encoding: expected gzip or none, but got ${encoding}.`);
  }
  if ((body.contentLength ?? 0) > maxBytes) throw tooLarge(maxBytes);
  if (!body.stream) return "";
  const sent = Readable.fromWeb(body.stream);
  const unpacked = encoding === "identity" ? sent : gunzip(sent);
  return decode(await collect(unpacked, maxBytes));
}

async function collect(stream: Readable, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of stream) {
      bytes += chunk.length;
      if (bytes > maxBytes) throw tooLarge(maxBytes);
      chunks.push(chunk);
    }
  } catch (error) {
    const { code = "" } = error as { code?: string };
    if (code.startsWith("Z_"))
      throw new AppError("invalid_encoding", "The body is not valid gzip.", {}, { cause: error });
    throw error;
  }
  return Buffer.concat(chunks);
}

function gunzip(packed: Readable): Readable {
  const unpack = createGunzip();
  packed.on("error", (error) => unpack.destroy(error));
  return packed.pipe(unpack);
}

function decode(bytes: Buffer): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    throw new AppError("invalid_encoding", "The body is not UTF-8.", {}, { cause: error });
  }
}

const tooLarge = (maxBytes: number) =>
  new AppError("body_too_large", `The body is larger than ${maxBytes} bytes; send it in parts.`, {
    max_bytes: maxBytes,
  });
