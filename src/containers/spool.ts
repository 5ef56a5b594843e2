import { randomUUID } from "node:crypto";
import { createWriteStream } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { AppError } from "../errors.ts";

/**
 * Writes a stream to a file for a while, since a container is read from any place.
 *
 * @param folder of temporary files; it is made if it is missing
 * @param use gets the path; the file is removed when it is done
 * @throws AppError body_too_large, insufficient_storage
 */
export async function spooled<T>(
  folder: string,
  bytes: AsyncIterable<Buffer>,
  maxBytes: number,
  use: (path: string) => Promise<T>,
): Promise<T> {
  await mkdir(folder, { recursive: true });
  const path = join(folder, `container-${randomUUID()}`);
  async function* limited() {
    let count = 0;
    for await (const chunk of bytes) {
      count += chunk.length;
      if (count > maxBytes) {
        const detail = `The body is larger than ${maxBytes} bytes; send it as a file: POST /v1/imports?file=NAME.`;
        throw new AppError("body_too_large", detail, { max_bytes: maxBytes });
      }
      yield chunk;
    }
  }
  try {
    await pipeline(limited(), createWriteStream(path, { flags: "wx" }));
    return await use(path);
  } catch (error) {
    if (!["ENOSPC", "EDQUOT"].includes((error as { code?: string }).code ?? "")) throw error;
    const detail = "There is no room to unpack the body; nothing of it was stored.";
    throw new AppError("insufficient_storage", detail, {}, { cause: error, retryAfterSeconds: 30 });
  } finally {
    await rm(path, { force: true });
  }
}
