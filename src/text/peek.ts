/** The first bytes of a payload, which tell CSV, NDJSON and JSON from each other. */
const HEAD_BYTES = 64 * 1024;

/** Reads the beginning of a stream, and gives all of it again. `isWhole` says that the head is all of it. */
export async function peek(
  bytes: AsyncIterable<Buffer>,
): Promise<{ head: Buffer; all: AsyncGenerator<Buffer>; isWhole: boolean }> {
  const iterator = bytes[Symbol.asyncIterator]();
  const chunks: Buffer[] = [];
  let length = 0;
  let isWhole = false;
  while (length < HEAD_BYTES) {
    const { done, value } = await iterator.next();
    isWhole = done === true;
    if (done) break;
    chunks.push(value);
    length += value.length;
  }
  const head = Buffer.concat(chunks);
  async function* all() {
    yield head;
    yield* { [Symbol.asyncIterator]: () => iterator };
  }
  return { head: head.subarray(0, HEAD_BYTES), all: all(), isWhole: isWhole && length <= HEAD_BYTES };
}

/** Skips the first `count` bytes. */
export async function* skipping(bytes: AsyncIterable<Buffer>, count: number): AsyncGenerator<Buffer> {
  let left = count;
  for await (const chunk of bytes) {
    if (left >= chunk.length) left -= chunk.length;
    else {
      yield left === 0 ? chunk : chunk.subarray(left);
      left = 0;
    }
  }
}
