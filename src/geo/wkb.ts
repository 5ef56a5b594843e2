/** WKB of a point as hexadecimal digits, as databases export a geometry: 21 bytes, and more with an SRID or a height. */
const HEX = /^\s*(?:00|01)[0-9a-f]{40,90}\s*$/i;

/** Whether a text looks like WKB in hexadecimal digits. */
export const isHex = (text: string): boolean => HEX.test(text);

const POINT = 1;
const WITH_SRID = 0x20000000;
const DEGREES = 4326;

/**
 * The coordinates of a point in WKB or EWKB, longitude first.
 *
 * @returns the SRID if it is another one than that of degrees; undefined if the text is no such point
 */
export function pointOfWkb(text: string): [number, number] | { srid: number } | undefined {
  if (!isHex(text)) return undefined;
  const bytes = Buffer.from(text.trim(), "hex");
  const isLittle = bytes[0] === 1;
  const word = (at: number) => (isLittle ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at));
  const number = (at: number) => (isLittle ? bytes.readDoubleLE(at) : bytes.readDoubleBE(at));
  const type = word(1);
  // The upper bits are those of EWKB; the thousands are those of ISO, for heights and measures.
  if ((type & 0xffff) % 1000 !== POINT) return undefined;
  const hasSrid = (type & WITH_SRID) !== 0;
  const start = hasSrid ? 9 : 5;
  if (bytes.length < start + 16) return undefined;
  if (hasSrid && word(5) !== DEGREES) return { srid: word(5) };
  return [number(start), number(start + 8)];
}
