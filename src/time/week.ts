import { z } from "zod";
import { DateText } from "./instant.ts";

/**
 * Weeks are ISO weeks: Monday 00:00 to Monday 00:00 in the local time of a trip's origin. Dates are `YYYY-MM-DD`
 * throughout, without a time zone.
 */

const DAY_MS = 86_400_000;
const DATE = /^\d{4}-\d{2}-\d{2}$/;

/**
 * Whether the text is a date that exists, between 1900 and 2199. An answer lists at most a window of these 300 years.
 */
export function isDate(text: string): boolean {
  if (!DATE.test(text) || text < "1900-01-01" || text > "2199-12-31") return false;
  const ms = Date.parse(`${text}T00:00:00Z`);
  return !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(text);
}

const DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/**
 * Hours of the day from `7-9,17` (both ends included, so 07:00 to 09:59). `22-4` runs over midnight. Undefined: the
 * text is no such list.
 */
export function hoursFrom(text: string): number[] | undefined {
  return rangesFrom(text, 24, (part) => (/^\d{1,2}$/.test(part) && Number(part) < 24 ? Number(part) : undefined));
}

/** ISO weekdays (Monday is 1) from `mon-fri`, `sat,sun`, `fri-mon`. Undefined: the text is no such list. */
export function daysFrom(text: string): number[] | undefined {
  const zeroBased = rangesFrom(text.toLowerCase(), 7, (part) => {
    const index = DAYS.indexOf(part);
    return index < 0 ? undefined : index;
  });
  return zeroBased?.map((day) => day + 1);
}

function rangesFrom(text: string, size: number, parse: (part: string) => number | undefined): number[] | undefined {
  const found = new Set<number>();
  for (const range of text.split(",")) {
    const ends = range.split("-").map((part) => parse(part.trim()));
    const [first, last = first] = ends;
    if (ends.length > 2 || first === undefined || last === undefined || ends.includes(undefined)) return undefined;
    for (let i = first; ; i = (i + 1) % size) {
      found.add(i);
      if (i === last) break;
    }
  }
  return [...found].sort((a, b) => a - b);
}

/** The Monday of an ISO week such as `2018-W18`. Undefined: there is no such week. */
export function mondayOf(week: string): string | undefined {
  const [, year, number] = /^(\d{4})-W(\d{2})$/.exec(week) ?? [];
  if (year === undefined || Number(year) < 1900 || Number(year) > 2199) return undefined;
  // The fourth of January is always in the first week.
  const fourth = new Date(Date.UTC(Number(year), 0, 4));
  const first = fourth.getTime() - ((fourth.getUTCDay() + 6) % 7) * DAY_MS;
  const monday = first + (Number(number) - 1) * 7 * DAY_MS;
  const thursday = new Date(monday + 3 * DAY_MS);
  if (Number(number) < 1 || thursday.getUTCFullYear() !== Number(year)) return undefined;
  return dateText(monday);
}

/** The date `days` days after a date. */
export const daysAfter = (date: string, days: number): string =>
  dateText(Date.parse(`${date}T00:00:00Z`) + days * DAY_MS);

/** Whether a date is a Monday. */
export const isMonday = (date: string): boolean => new Date(`${date}T00:00:00Z`).getUTCDay() === 1;

/** The Monday of the week that holds a date. */
export const mondayOfDate = (date: string): string => {
  const ms = Date.parse(`${date}T00:00:00Z`);
  return dateText(ms - ((new Date(ms).getUTCDay() + 6) % 7) * DAY_MS);
};

/** How many weeks there are from the one to the other, both included. They begin on these Mondays. */
export const weeksBetween = (first: string, last: string): number =>
  (Date.parse(`${last}T00:00:00Z`) - Date.parse(`${first}T00:00:00Z`)) / (7 * DAY_MS) + 1;

const dateText = (ms: number) => new Date(ms).toISOString().slice(0, 10);

/** The parameters for the time of a question. */
export const date = z.string().refine(isDate, "expected a date, YYYY-MM-DD, from 1900-01-01 to 2199-12-31");
export const hours = z
  .string()
  .meta({
    description: "Hours of the local day, both ends included: `7-9,17`; `22-4` runs over midnight",
    example: "7-9",
  })
  .transform((text, context) => hoursFrom(text) ?? refuse(context, "expected hours such as 7-9,17"));
export const days = z
  .string()
  .meta({ description: "Local weekdays: `mon-fri`, `sat,sun`", example: "mon-fri" })
  .transform((text, context) => daysFrom(text) ?? refuse(context, "expected weekdays such as mon-fri or sat,sun"));

function refuse(context: z.core.$RefinementCtx, message: string): never {
  context.addIssue({ code: "custom", message });
  return z.NEVER;
}

/** The weeks of an answer. */
export const Window = z.object({ from: DateText, to: DateText }).nullable().meta({
  id: "Window",
  description: "Mondays, local; `to` is not included. Null if nothing was found and no dates were given",
});
export type Window = z.infer<typeof Window>;
