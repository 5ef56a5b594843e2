/** Powers of ten that a double holds exactly. */
const TENS = Array.from({ length: 16 }, (_, i) => Number(`1e${i}`));

/**
 * A number of at most 15 digits with or without a fraction, which most numbers in a CSV are; NaN for any other text, and
 * that is all that NaN says. Digits and power of ten are both exact, so the quotient is rounded once: it is `Number(text)`.
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
 * True for printable ASCII of 1 to 64 characters that begins with neither a space nor a dot, which most names are: any
 * check of text accepts these.
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
