/** How figures and dates look, in the language of the page, which is English. */

const WHOLE = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const ONE = new Intl.NumberFormat("en", { minimumFractionDigits: 1, maximumFractionDigits: 1 });
const TWO_DIGITS = new Intl.NumberFormat("en", { maximumSignificantDigits: 2 });
const SHORT = new Intl.NumberFormat("en", { notation: "compact", maximumSignificantDigits: 3 });
const DATE = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric", timeZone: "UTC" });
const TIME = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });

/** A count. Null, which the API says of figures that it withholds, is a dash. */
export const count = (n: number | null | undefined): string => (n === null || n === undefined ? "–" : WHOLE.format(n));

/** An average: two digits below 1, one decimal below 1,000, none above. */
export function average(n: number | null | undefined): string {
  if (n === null || n === undefined) return "–";
  if (n > 0 && n < 1) return twoDigits(n);
  return n < 1000 ? ONE.format(n) : WHOLE.format(n);
}

/** A figure of two digits, such as a limit of a class: 0.025 or 1,200. */
export const twoDigits = (n: number): string => TWO_DIGITS.format(n);

export const trips = (n: number | null | undefined): string => `${count(n)} ${n === 1 ? "trip" : "trips"}`;

/** A figure where there is little room, such as 12.4K. */
export const short = (n: number): string => SHORT.format(n);

export const bytes = (n: number): string =>
  n < 1024 ? `${n} B` : n < 1024 ** 2 ? `${ONE.format(n / 1024)} kB` : `${ONE.format(n / 1024 ** 2)} MB`;

/** A local date, `YYYY-MM-DD`, as 3 Mar 2025. */
export const date = (text: string): string => DATE.format(new Date(`${text}T00:00:00Z`));

/** The day that lies a number of days after a date. */
export const addDays = (text: string, days: number): string =>
  new Date(Date.parse(`${text}T00:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10);

/** The weeks of a window, whose end is the Monday after it: 3 Mar 2025 to 30 Mar 2025. */
export const window = ({ from, to }: { from: string; to: string }): string =>
  `${date(from)} to ${date(addDays(to, -1))}`;

/** A time of today's, or a date and a time, by the reader's clock. */
export function instant(text: string, now = new Date()): string {
  const at = new Date(text);
  const isToday = at.toDateString() === now.toDateString();
  return isToday ? TIME.format(at) : `${date(at.toISOString().slice(0, 10))}, ${TIME.format(at)}`;
}

/**
 * Values that part figures into classes, each as many times as large as the one below it, from the least tenth up to the
 * largest. Rounded to two digits, ascending, without equal ones.
 *
 * @param classes how many classes there are; there is one value less, or fewer where figures are alike
 */
export function breaksOf(figures: readonly number[], classes: number): number[] {
  const sorted = figures.filter((n) => n > 0).sort((a, b) => a - b);
  const [least = 0, most = 0] = [sorted[Math.floor(sorted.length / 10)], sorted.at(-1)];
  if (most <= least) return [];
  const factor = (most / least) ** (1 / classes);
  const all = Array.from({ length: classes - 1 }, (_, i) => Number((least * factor ** (i + 1)).toPrecision(2)));
  return [...new Set(all)];
}
