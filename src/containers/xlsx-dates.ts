/** Formats that Excel has built in and that show dates or times. */
const BUILT_IN = (id: number) =>
  (id >= 14 && id <= 22) || (id >= 27 && id <= 36) || (id >= 45 && id <= 47) || (id >= 50 && id <= 58);

/** The most characters that a format has in Excel. In one of a million brackets the expression below would search for hours. */
const MAX_CODE = 255;

/** Whether a number format shows a date or a time. */
export function isDateFormat(id: number, code: string | undefined): boolean {
  if (code === undefined) return BUILT_IN(id);
  if (code.length > MAX_CODE) return false;
  const bare = code.replace(/"[^"]*"|\\.|\[(?!h+\]|m+\]|s+\])[^\]]*\]/gi, "");
  return /[ymdhs]/i.test(bare) && !/^general$/i.test(bare);
}

const DAY_MS = 86_400_000;
/** Day 0 of each calendar. Excel counts a 29 February 1900, so day 60 and later stand one further. */
const EPOCH_1900 = Date.UTC(1899, 11, 30);
const EPOCH_1904 = Date.UTC(1904, 0, 1);

/**
 * The date and time of a number of days, as ISO 8601 without an offset. A number below 1 is a time of day alone.
 *
 * @returns undefined if the number is no date
 */
export function dateText(days: number, is1904: boolean): string | undefined {
  if (!Number.isFinite(days) || days < 0 || days > 2_958_466) return undefined;
  // Fractions of a day have no exact form: the nearest millisecond is meant.
  const ms = Math.round(days * DAY_MS);
  const text = new Date((is1904 ? EPOCH_1904 : EPOCH_1900) + ms).toISOString();
  const clock = text.slice(11, 23).replace(/\.000$/, "");
  if (days < 1) return clock;
  return `${text.slice(0, 10)}${ms % DAY_MS === 0 ? "" : `T${clock}`}`;
}
