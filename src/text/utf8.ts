/**
 * Finds the first bytes that are not UTF-8.
 *
 * @returns the offset of the first byte of the faulty sequence, or -1 if the bytes are UTF-8
 */
export function firstBadByte(bytes: Uint8Array): number {
  for (let at = 0; at < bytes.length; ) {
    const length = sequenceAt(bytes, at);
    if (length <= 0) return at;
    at += length;
  }
  return -1;
}

/**
 * The length of the UTF-8 character at a place: 1 to 4. 0: the bytes there are not UTF-8. -1: the bytes end within the
 * character, and it may be UTF-8.
 */
export function sequenceAt(bytes: Uint8Array, at: number): number {
  const first = bytes[at] as number;
  if (first < 0x80) return 1;
  if (first < 0xc2 || first > 0xf4) return 0;
  const length = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  // The second byte has narrower limits after these: no overlong forms, no surrogates, nothing beyond U+10FFFF.
  let min = first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80;
  let max = first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf;
  for (let i = 1; i < length; i++) {
    if (at + i >= bytes.length) return -1;
    const byte = bytes[at + i] as number;
    if (byte < min || byte > max) return 0;
    [min, max] = [0x80, 0xbf];
  }
  return length;
}

/** The faulty bytes at a place, for a message: `0xc6 0xff`, the sequence up to the byte that breaks it. */
export function shownBytes(bytes: Uint8Array, at: number): string {
  const first = bytes[at] as number;
  let end = at + 1;
  if (first >= 0xc2 && first <= 0xf4) {
    const length = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    while (end < at + length && end < bytes.length && ((bytes[end] as number) & 0xc0) === 0x80) end++;
    // The byte that should have continued the character. A character of ASCII is not faulty itself.
    if (end < at + length && (bytes[end] as number) >= 0x80) end++;
  }
  return [...bytes.subarray(at, end)].map((byte) => `0x${byte.toString(16).padStart(2, "0")}`).join(" ");
}
