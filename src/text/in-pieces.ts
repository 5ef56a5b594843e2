import { breathe } from "../kit/event-loop.ts";
import { PIECE_BYTES } from "./whole-lines.ts";

/** A body that is held whole, in pieces as a connection brings them. Other requests get their turns in between. */
export async function* inPieces(bytes: Buffer): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
    yield bytes.subarray(at, at + PIECE_BYTES);
    await breathe();
  }
}
