/** The first bytes of a payload, which tell CSV, NDJSON and JSON from each other. */
export const HEAD_BYTES = 64 * 1024;

export interface Peeked {
  head: Buffer;
  /** The head and what follows it. */
  all: AsyncGenerator<Buffer>;
  /** Whether the head is all of it. */
  isWhole: boolean;
}

/** Reads the beginning of a stream, and gives all of it again. */
export async function peek(bytes: AsyncIterable<Buffer>, headBytes = HEAD_BYTES): Promise<Peeked> {
  const iterator = bytes[Symbol.asyncIterator]();
  const chunks: Buffer[] = [];
  let length = 0;
  let isWhole = false;
  while (length < headBytes) {
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
  return { head: head.subarray(0, headBytes), all: all(), isWhole: isWhole && length <= headBytes };
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
