import { BLOCK_BYTES } from "../parsing/stream-rows.ts";

/** A batch steps aside after this many bytes without a block. */
const QUIET_BYTES = 8 * BLOCK_BYTES;

/** Counts the bytes that pass, and throws once the signal is aborted. */
export async function* counting(
  bytes: AsyncIterable<Buffer>,
  counted: { bytes: number },
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  for await (const chunk of bytes) {
    // A row or a whole array may take long to arrive.
    signal.throwIfAborted();
    counted.bytes += chunk.length;
    yield chunk;
  }
}

/** Steps aside now and then during blanks or a row that is too long. These yield no block. */
export async function* passing(
  bytes: AsyncIterable<Buffer>,
  quiet: { bytes: number },
  pass: () => Promise<void>,
): AsyncGenerator<Buffer> {
  for await (const chunk of bytes) {
    quiet.bytes += chunk.length;
    if (quiet.bytes > QUIET_BYTES) {
      quiet.bytes = 0;
      await pass();
    }
    yield chunk;
  }
}
