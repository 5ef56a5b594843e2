/** Marks that may separate thousands. A space stands for every kind of space. */
export const THOUSANDS = [",", ".", " ", "'"] as const;

/** How numbers are written, as far as it is known. */
export interface NumberStyle {
  decimal?: "." | "," | undefined;
  thousands?: (typeof THOUSANDS)[number] | undefined;
}

const PLAIN = /^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i;
const ONE_COMMA = /^[+-]?\d*,\d+$/;
const GROUPS: Readonly<Record<string, RegExp>> = {
  ",": /^[+-]?\d{1,3}(,\d{3})+(\.\d*)?$/,
  ".": /^[+-]?\d{1,3}(\.\d{3})+(,\d*)?$/,
  " ": /^[+-]?\d{1,3}(\s\d{3})+([.,]\d*)?$/,
  "'": /^[+-]?\d{1,3}(['’]\d{3})+([.,]\d*)?$/,
};

/**
 * The number of a text, also with a decimal comma or separated thousands. `1,234` is a number only if the style says
 * which one, or if the number is a coordinate, which has no thousands.
 *
 * @returns undefined if the text is no number; "ambiguous" if it could be two
 */
export function numberOfText(
  raw: string,
  { decimal, thousands }: NumberStyle,
  isCoordinate = false,
): number | "ambiguous" | undefined {
  const text = raw.trim();
  if (isCoordinate) {
    if (PLAIN.test(text)) return Number(text);
    return ONE_COMMA.test(text) ? Number(text.replace(",", ".")) : undefined;
  }
  const separator = thousands ?? (decimal === "," ? "." : decimal === "." ? "," : undefined);
  if (separator !== undefined && separator !== decimal && GROUPS[separator]?.test(text)) {
    return ungrouped(text, separator);
  }
  if (decimal !== "," && PLAIN.test(text)) return Number(text);
  // Spaces and apostrophes only ever separate thousands.
  const sure = [" ", "'"].find((one) => GROUPS[one]?.test(text));
  if (sure !== undefined && !(decimal !== undefined && new RegExp(`[${decimal === "," ? "." : ","}]`).test(text))) {
    return ungrouped(text, sure);
  }
  if (decimal === ",") {
    if (ONE_COMMA.test(text)) return Number(text.replace(",", "."));
    return PLAIN.test(text) ? Number(text) : undefined;
  }
  if (decimal === ".") return undefined;
  // Nothing is known of the style, so the text itself must leave no doubt.
  if (/^[+-]?\d{1,3},\d{3}$/.test(text)) return "ambiguous";
  if (ONE_COMMA.test(text)) return Number(text.replace(",", "."));
  const found = [",", "."].find((one) => GROUPS[one]?.test(text));
  return found === undefined ? undefined : ungrouped(text, found);
}

function ungrouped(text: string, separator: string): number {
  const joined =
    separator === " "
      ? text.replace(/\s/g, "")
      : text.replace(separator === "'" ? /['’]/g : separator === "," ? /,/g : /\./g, "");
  return Number(joined.replace(",", "."));
}

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
