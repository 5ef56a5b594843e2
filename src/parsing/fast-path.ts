/** Powers of ten that a double holds exactly. */
const TENS = Array.from({ length: 16 }, (_, i) => Number(`1e${i}`));

/**
 * Reads a number of at most 15 digits, with or without a fraction. Most numbers in a CSV are of this kind. NaN means
 * only that the text is not of this kind. The digits and the power of ten are exact, so the quotient is rounded once
 * and equals `Number(text)`.
 */
export function plainNumber(text: string): number {
  const { length } = text;
  const negative = text.charCodeAt(0) === 45;
  let digits = 0;
  let dot = -1;
  let i = negative ? 1 : 0;
  if (length - i > 16) return Number.NaN;
  for (; i < length; i++) {
    const code = text.charCodeAt(i);
    if (code >= 48 && code <= 57) digits = digits * 10 + (code - 48);
    else if (code === 46 && dot < 0) dot = i;
    else return Number.NaN;
  }
  const count = length - (negative ? 1 : 0) - (dot < 0 ? 0 : 1);
  if (count < 1 || count > 15) return Number.NaN;
  const value = dot < 0 ? digits : digits / (TENS[length - 1 - dot] as number);
  return negative ? -value : value;
}

/**
 * True for printable ASCII of 1 to 64 characters that does not begin with a space or a dot. Most names are of this
 * kind, and every check of text accepts them.
 */
export function isPlainText(text: string): boolean {
  const { length } = text;
  if (length === 0 || length > 64) return false;
  for (let i = 0; i < length; i++) {
    const code = text.charCodeAt(i);
    if (code < 32 || code > 126) return false;
  }
  const first = text.charCodeAt(0);
  return first !== 32 && first !== 46;
}
