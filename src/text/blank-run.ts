import { AppError } from "../errors.ts";

/** The most blank characters in a row in a body. Two gigabytes of line ends pack into two megabytes. */
export const MAX_BLANK = 1_000_000;

const PIECE_BYTES = 64 * 1024;

/** Checks a stream for long blank stretches. These would keep a worker busy without yielding a row. */
export interface BlankCheck {
  /** @throws AppError invalid_body */
  add(bytes: Uint8Array): void;
}

export function createBlankCheck(maxBlank = MAX_BLANK): BlankCheck {
  let run = 0;
  const addPiece = (bytes: Uint8Array) => {
    const { length } = bytes;
    let first = 0;
    while (first < length && isBlank(bytes[first])) first++;
    if (run + first > maxBlank) throw tooBlank(maxBlank);
    if (first === length) {
      run += length;
      return;
    }
    let last = length;
    while (isBlank(bytes[last - 1])) last--;
    run = length - last;
  };
  // A stretch inside a piece is shorter than the limit, so only the ends of each piece are looked at.
  const step = Math.min(PIECE_BYTES, maxBlank);
  return {
    add: (bytes) => {
      for (let at = 0; at < bytes.length; at += step) addPiece(bytes.subarray(at, at + step));
    },
  };
}

const isBlank = (byte: number | undefined) => byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;

const tooBlank = (maxBlank: number) =>
  new AppError("invalid_body", `The body holds more than ${maxBlank} blank characters in a row.`);
