import type { SentTime } from "./time-parts.ts";
import { clockText, exists, existsOrEnds, minutesEast, utcOf } from "./time-parts.ts";
import { timePattern } from "./time-pattern.ts";

/** One way to write times. */
export interface TimeFormat {
  /** The time of a text. Undefined: the text has another form, or the time does not exist. */
  read(text: string): SentTime | undefined;
  /** Whether a number in JSON may be such a time. */
  takesNumbers: boolean;
  /** Whether it may read a time without an offset, which is a clock's and no moment. */
  isLocal: boolean;
  /** A description of the format, with an example. */
  expected: string;
}

const FIXED: Readonly<Record<string, TimeFormat>> = {
  iso: {
    read: (text) => plainIso(text) ?? anyIso(text),
    takesNumbers: false,
    isLocal: true,
    expected: "ISO 8601 like 2018-05-21T02:54:04 (local) or 2018-05-21T02:54:04+02:00",
  },
  unix: {
    read: (text) => fromUnix(text, 6),
    takesNumbers: true,
    isLocal: false,
    expected: "seconds since 1970 like 1526864044",
  },
  unix_ms: {
    read: (text) => fromUnix(text, 3),
    takesNumbers: true,
    isLocal: false,
    expected: "milliseconds since 1970 like 1526864044000",
  },
  unix_us: {
    read: (text) => fromUnix(text, 0),
    takesNumbers: true,
    isLocal: false,
    expected: "microseconds since 1970 like 1526864044000000",
  },
  unix_ns: {
    read: fromNanoseconds,
    takesNumbers: true,
    isLocal: false,
    expected: "nanoseconds since 1970 like 1526864044000000000",
  },
  dotnet: {
    read: fromDotNet,
    takesNumbers: false,
    isLocal: false,
    expected: "milliseconds since 1970 as .NET writes them, like /Date(1526864044000)/",
  },
  excel: {
    read: fromExcel,
    takesNumbers: true,
    isLocal: true,
    expected: "days since 1899-12-30 as spreadsheets count them, like 43241.12",
  },
};

/** Formats by their names. Patterns come from outside, so at most `MAX_KNOWN` are kept. */
const known = new Map<string, TimeFormat>();
const MAX_KNOWN = 1000;

/**
 * The format of a name: `iso`, `unix`, `unix_ms`, `unix_us`, `unix_ns`, `dotnet`, `excel` or a pattern. Each pattern is
 * compiled once.
 *
 * @throws RangeError that says what is wrong with a pattern
 */
export function timeFormat(name: string): TimeFormat {
  const fixed = Object.hasOwn(FIXED, name) ? FIXED[name] : known.get(name);
  if (fixed) return fixed;
  const { read, example } = timePattern(name);
  const format = {
    read,
    takesNumbers: false,
    isLocal: !/Z|VV/.test(name.replace(/\[[^\]]*\]|'[^']*'/g, "")),
    expected: `${name} like ${example}`,
  };
  if (known.size >= MAX_KNOWN) known.clear();
  known.set(name, format);
  return format;
}

/** Two digits at a place of a text, or -1. */
function two(text: string, at: number): number {
  const tens = text.charCodeAt(at) - 48;
  const ones = text.charCodeAt(at + 1) - 48;
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : -1;
}

/**
 * Reads `YYYY-MM-DDTHH:MM:SS`, the form of most times; undefined for any other. It gives the same as `anyIso`, ten
 * times as fast, but for 24:00:00, which it leaves to that.
 */
export function plainIso(text: string): SentTime | undefined {
  if (text.length !== 19 || text.charCodeAt(4) !== 45 || text.charCodeAt(7) !== 45) return undefined;
  if (text.charCodeAt(13) !== 58 || text.charCodeAt(16) !== 58) return undefined;
  const between = text.charCodeAt(10);
  if (between !== 84 && between !== 32) return undefined;
  const century = two(text, 0);
  const year = two(text, 2);
  const hour = two(text, 11);
  const minute = two(text, 14);
  const second = two(text, 17);
  if (century < 0 || year < 0 || hour < 0 || minute < 0 || second < 0) return undefined;
  if (!exists(century * 100 + year, two(text, 5), two(text, 8), hour, minute, second)) return undefined;
  return { kind: "naive", text: between === 84 ? text : `${text.slice(0, 10)}T${text.slice(11)}` };
}

const ISO =
  /^(\d{4})-(\d{2})-(\d{2})[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?(?:\s?(Z|[+-]\d{2}(?::?\d{2})?)(?:\[[\w/+-]{1,40}\])?|\s(UTC|GMT))?$/i;

/** Reads ISO 8601 with or without seconds, their fraction and an offset. */
export function anyIso(text: string): SentTime | undefined {
  const m = ISO.exec(text);
  if (!m) return undefined;
  const [, year = "", month = "", day = "", hour = "", minute = "", second = "00", fraction = "", offset, utc] = m;
  const zone = offset ?? (utc && "Z");
  if (!existsOrEnds(Number(year), Number(month), Number(day), Number(hour), Number(minute), Number(second))) {
    return undefined;
  }
  const clock = clockText(year, month, day, hour, minute, second, fraction);
  if (!zone) return { kind: "naive", text: clock };
  const east = minutesEast(zone);
  return east === undefined ? undefined : { kind: "instant", text: utcOf(clock, east) };
}

const DAYS = /^\d{1,6}(\.\d{1,16})?$/;
/** Days from 1899-12-30 to 1970. */
const EXCEL_EPOCH = 25_569;

/** Reads days and their fraction. A fraction of six digits is off by up to 0.05 s, so the time is rounded to seconds. */
function fromExcel(text: string): SentTime | undefined {
  if (!DAYS.test(text)) return undefined;
  const date = new Date(Math.round((Number(text) - EXCEL_EPOCH) * 86_400) * 1000);
  return { kind: "naive", text: date.toISOString().slice(0, 19) };
}

const COUNT = /^([+-]?)(\d{1,16})(?:\.(\d{1,9}))?$/;

/** @param digits digits of a microsecond count after the unit: 6 for seconds, 3 for milliseconds, none for microseconds */
function fromUnix(text: string, digits: number): SentTime | undefined {
  const m = COUNT.exec(text);
  if (!m) return undefined;
  const [, sign, whole = "", fraction = ""] = m;
  const micros = Number(whole + fraction.slice(0, digits).padEnd(digits, "0")) * (sign === "-" ? -1 : 1);
  // After the year 2255 no trip has its time, and microseconds are no longer exact.
  if (!Number.isSafeInteger(micros)) return undefined;
  const ms = Math.floor(micros / 1000);
  const rest = String(micros - ms * 1000).padStart(3, "0");
  const [clock, thousandths] = new Date(ms).toISOString().slice(0, -1).split(".");
  const part = `${thousandths}${rest}`.replace(/0+$/, "");
  return { kind: "instant", text: `${clock}${part && `.${part}`}+00:00` };
}

const NANOSECONDS = /^([+-]?)(\d{1,19})(?:\.\d{1,9})?$/;

/**
 * Rounds to the microsecond: a number in JSON is read to 256 ns, so a count of whole microseconds keeps its value only
 * by rounding.
 */
function fromNanoseconds(text: string): SentTime | undefined {
  const m = NANOSECONDS.exec(text);
  if (!m) return undefined;
  const [, sign = "", whole = ""] = m;
  return fromUnix(`${(BigInt(`${sign === "-" ? "-" : ""}${whole}`) + 500n) / 1000n}`, 0);
}

/** An offset after the count says where it was written. The count is in UTC all the same. */
const DOTNET = /^\\?\/Date\((-?\d{1,16})(?:[+-]\d{4})?\)\\?\/$/;

function fromDotNet(text: string): SentTime | undefined {
  const count = DOTNET.exec(text)?.[1];
  return count === undefined ? undefined : fromUnix(count, 3);
}
