import { breathe } from "../kit/event-loop.ts";
import { dateAlone } from "../time/date-alone.ts";
import { endOf, isTimeName, wordsOf } from "./suggest-names.ts";

const DATE = /^(\d{1,4}([-/.])\d{1,2}\2\d{1,4}|\d{8}|\d{1,2}[- ][A-Za-z]{3}[- ]\d{2,4})$/;
const isDate = (value: unknown): boolean => typeof value === "string" && DATE.test(dateAlone(value));
const CLOCK = /^\s*\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?(\s?[ap]\.?m\.?)?\s*$/i;
const HOUR = /^\s*([01]?\d|2[0-3])\s*$/;
const HOUR_NAME = /\b(hour|stunde|hora|heure|ora|uur)\b/;

/** So many of a column's values show what it holds; the others may be totals, headers or typing errors. */
export const MOST = 0.8;

/** A column with dates and the column with the times of day that belong to them. */
export interface DateAndTime {
  date: number;
  clock: number;
  /** The times of day are full hours, so nothing says the minute. */
  isHour: boolean;
}

/**
 * Finds columns that hold a date, each with the column that holds its time of day: one of the same end of the trip, or
 * else the next one. Other requests get their turns meanwhile.
 *
 * @param valuesAt gives the values of a column of the first rows
 */
export async function datesAndTimes(
  header: readonly string[],
  valuesAt: (column: number) => readonly unknown[],
): Promise<DateAndTime[]> {
  const [dates, clocks, hours] = [[] as number[], new Set<number>(), [] as number[]];
  for (const [i, name] of header.entries()) {
    await breathe();
    const given = valuesAt(i).filter((value) => value !== undefined && value !== null && value !== "");
    const most = (isOne: (value: string) => boolean) =>
      given.length > 0 &&
      given.filter((value) => typeof value === "string" && isOne(value)).length >= given.length * MOST;
    if (most(isDate)) dates.push(i);
    else if (most((value) => CLOCK.test(value))) clocks.add(i);
    else if (HOUR_NAME.test(wordsOf(name)) && most((value) => HOUR.test(value))) hours.push(i);
  }
  const pairs: DateAndTime[] = [];
  for (const date of dates) {
    const name = header[date] ?? "";
    const isOfEnd = (i: number) => endOf(header[i] ?? "") === endOf(name);
    const ofEnd = [...clocks].filter(isOfEnd);
    const candidates = ofEnd.length > 0 ? ofEnd : hours.filter(isOfEnd);
    const isSameName = (i: number) => bare(header[i] ?? "") === bare(name);
    const clock = candidates.find(isSameName) ?? candidates.find((i) => i === date + 1) ?? candidates[0];
    if (clock === undefined) continue;
    clocks.delete(clock);
    pairs.push({ date, clock, isHour: hours.includes(clock) });
  }
  return pairs;
}

/** The columns that are named like times, and hold dates without a time of day. */
export const datesAlone = (header: readonly string[], valuesAt: (column: number) => readonly unknown[]): string[] =>
  header.filter((name, i) => {
    if (!isTimeName(name)) return false;
    const given = valuesAt(i).filter((value) => typeof value === "string" && value !== "");
    return given.length > 0 && given.filter(isDate).length >= given.length * MOST;
  });

/** A name without the words for dates and times. */
const bare = (name: string) =>
  wordsOf(name)
    .replace(/\b(date|time|day|hour)\b/g, "")
    .trim();
