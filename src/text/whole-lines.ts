/** Rows are read in pieces of this size. Parsing one takes about 1 ms, so requests are answered in between. */
export const PIECE_BYTES = 64 * 1024;

/** Bytes of a stream. `whole` means that they end with a line, or with the stream. */
export interface Piece {
  bytes: Buffer;
  whole: boolean;
}

const NEWLINE = 0x0a;

/** Cuts a stream into pieces that end with a line, unless a line is longer than a row may be. */
export async function* wholeLines(bytes: AsyncIterable<Buffer>, maxRowBytes: number): AsyncGenerator<Piece> {
  let held: Buffer[] = [];
  let heldBytes = 0;
  const take = (last: Buffer): Buffer => {
    const piece = held.length === 0 ? last : Buffer.concat([...held, last]);
    held = [];
    heldBytes = 0;
    return piece;
  };
  for await (const chunk of bytes) {
    for (let at = 0; at < chunk.length; at += PIECE_BYTES) {
      const piece = chunk.subarray(at, at + PIECE_BYTES);
      const end = piece.lastIndexOf(NEWLINE) + 1;
      if (end > 0) yield { bytes: take(piece.subarray(0, end)), whole: true };
      const rest = piece.subarray(end);
      if (rest.length === 0) continue;
      held.push(rest);
      heldBytes += rest.length;
      // The line end is not part of the row, and it may come in another piece.
      if (heldBytes > maxRowBytes + 2) yield { bytes: take(Buffer.alloc(0)), whole: false };
    }
  }
  if (heldBytes > 0) yield { bytes: take(Buffer.alloc(0)), whole: true };
}
