const ZERO = "0".charCodeAt(0);

/** Two digits of a time's text, as a number. */
const two = (text: string, at: number) => text.charCodeAt(at) * 10 + text.charCodeAt(at + 1) - 11 * ZERO;

/**
 * Days since 1970-01-01 of a text that begins with `YYYY-MM-DD`. The result is computed by arithmetic, since an import
 * needs several for each row. Source: Howard Hinnant, chrono-Compatible Low-Level Date Algorithms, days_from_civil.
 */
export function dayOf(text: string): number {
  const month = two(text, 5);
  const year = two(text, 0) * 100 + two(text, 2) - (month <= 2 ? 1 : 0);
  const era = Math.floor(year / 400);
  const yearOfEra = year - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + two(text, 8) - 1;
  return era * 146097 + yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear - 719468;
}

/** Microseconds since midnight of a text that begins with `YYYY-MM-DDTHH:MM:SS[.ffffff]`. */
export function microsecondOf(text: string): number {
  const seconds = two(text, 11) * 3600 + two(text, 14) * 60 + two(text, 17);
  if (text.charCodeAt(19) !== POINT) return seconds * 1_000_000;
  let fraction = 0;
  let unit = 100_000;
  for (let at = 20; unit >= 1; at++, unit /= 10) {
    const digit = text.charCodeAt(at) - ZERO;
    if (!(digit >= 0 && digit <= 9)) break;
    fraction += digit * unit;
  }
  return seconds * 1_000_000 + fraction;
}

const POINT = ".".charCodeAt(0);

export const DAY_US = 86_400_000_000;
