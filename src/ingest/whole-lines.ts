import { MAX_ROW_BYTES } from "./sent-row.ts";

/** Bytes of a stream. `whole`: they end with a line, or with the stream. */
export interface Piece {
  bytes: Buffer;
  whole: boolean;
}

/** About 1 ms of work, so that requests are answered in between. */
const PIECE_BYTES = 64 * 1024;
const NEWLINE = 0x0a;

/** Cuts a stream into pieces that end with a line, unless a line is longer than a row may be. */
export async function* wholeLines(bytes: AsyncIterable<Buffer>): AsyncGenerator<Piece> {
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
      if (heldBytes > MAX_ROW_BYTES) yield { bytes: take(Buffer.alloc(0)), whole: false };
    }
  }
  if (heldBytes > 0) yield { bytes: take(Buffer.alloc(0)), whole: true };
}
