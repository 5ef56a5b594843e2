import type { Hold, Room } from "../kit/room.ts";
import { SMALL_BYTES } from "../kit/sent-bytes.ts";

/**
 * Rows take at most this many times the size of their text. Empty objects of three bytes each, the worst case, take 22
 * times their text; usual rows take 5 times.
 */
const TIMES_TEXT = 22;
/**
 * Each value that begins takes this many bytes beside its text. Usual rows take this much, and the worst rows no less.
 */
const BYTES_A_VALUE = 40;
const BEGINS_VALUE = new Uint8Array(256);
for (const mark of ",:{[") BEGINS_VALUE[mark.charCodeAt(0)] = 1;
/** The faults alone of the shortest row take this many bytes. */
const BYTES_A_ROW = 600;

/** The memory that a body takes as rows, by the number of its values. Counting takes 0.8 ms per megabyte. */
export function bytesOfRows(text: Uint8Array): number {
  const begins = (byte: number | undefined) => BEGINS_VALUE[byte as number] as number;
  let values = 0;
  let i = 0;
  // With one byte a turn it takes 1.1 ms.
  for (const end = text.length - 3; i < end; i += 4) {
    values += begins(text[i]) + begins(text[i + 1]) + begins(text[i + 2]) + begins(text[i + 3]);
  }
  for (; i < text.length; i++) values += begins(text[i]);
  return text.length + values * BYTES_A_VALUE;
}

/** The most memory that a block of rows takes. */
export const bytesOfBlock = (rows: number, textBytes: number): number =>
  Math.max(textBytes * TIMES_TEXT, rows * BYTES_A_ROW);

/**
 * Waits for room for a body in the form of rows. Small bodies take none, so they do not wait for large ones.
 *
 * @returns undefined if the body takes none
 * @throws AppError overloaded if there is none within `patienceMs`
 */
export async function roomForRows(room: Room, text: Uint8Array, patienceMs?: number): Promise<Hold | undefined> {
  if (text.length <= SMALL_BYTES) return undefined;
  const hold = room.hold("rows");
  await hold.wait(bytesOfRows(text), patienceMs);
  return hold;
}

/**
 * Takes the further room that many short rows need. It waits only briefly, since requests that hold a part would wait
 * for each other.
 *
 * @throws AppError too_many_requests
 */
export async function topUp(room: Room, hold: Hold | undefined, rows: number): Promise<Hold | undefined> {
  const more = rows * BYTES_A_ROW - Math.max(hold?.bytes ?? 0, SMALL_BYTES * TIMES_TEXT);
  if (more <= 0) return hold;
  const all = hold ?? room.hold("rows");
  try {
    await all.take(more);
  } catch (error) {
    all.release();
    throw error;
  }
  return all;
}
