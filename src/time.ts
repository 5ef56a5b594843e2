import { bad, ok, type Parsed, shown } from "./point.ts";

/**
 * A time as it was sent. `naive` is a wall clock at the origin, `YYYY-MM-DDTHH:MM:SS[.ffffff]`; `instant` is a moment,
 * the same in UTC with `+00:00` behind it. Which of the two decides how the database finds the other one.
 */
export interface SentTime {
  kind: "naive" | "instant";
  text: string;
}

/** How a foreign file writes times. `iso` is ISO 8601; the others are read field by field. */
export type TimeFormat = "iso" | "M/D/YYYY H:MM[:SS]" | "D/M/YYYY H:MM[:SS]";

const EXPECTED: Record<TimeFormat, string> = {
  iso: "ISO 8601 like 2018-05-21T02:54:04 (local) or 2018-05-21T02:54:04+02:00",
  "M/D/YYYY H:MM[:SS]": "M/D/YYYY H:MM[:SS] like 5/21/2018 2:54:04",
  "D/M/YYYY H:MM[:SS]": "D/M/YYYY H:MM[:SS] like 21/5/2018 2:54:04",
};

const ISO = /^(\d{4})-(\d{2})-(\d{2})[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?\s?(Z|[+-]\d{2}(?::?\d{2})?)?$/i;
const SLASHED = /^(\d{1,2})\/(\d{1,2})\/(\d{4}|\d{2})\s+(\d{1,2}):(\d{2})(?::(\d{2}))?$/;

/**
 * A time from what was sent, in the first of `formats` that fits. Dates must exist; a fraction of a second is kept to
 * the microsecond. Two-digit years are 1970 to 2069, as PostgreSQL reads them.
 */
export function timeFrom(text: string, formats: readonly TimeFormat[]): Parsed<SentTime> {
  const trimmed = text.trim();
  for (const format of formats) {
    const time = format === "iso" ? fromIso(trimmed) : fromSlashed(trimmed, format.startsWith("D"));
    if (time) return ok(time);
  }
  return bad("invalid_time", `expected ${formats.map((f) => EXPECTED[f]).join(", or ")}, but got ${shown(text)}`);
}

function fromIso(text: string): SentTime | undefined {
  const m = ISO.exec(text);
  if (!m) return undefined;
  const [, year, month, day, hour, minute, second = "00", fraction = "", zone] = m;
  if (!exists(Number(year), Number(month), Number(day), Number(hour), Number(minute), Number(second))) return undefined;
  const micros = fraction.slice(0, 6).replace(/0+$/, "");
  const clock = `${year}-${month}-${day}T${hour}:${minute}:${second}${micros && `.${micros}`}`;
  if (!zone) return { kind: "naive", text: clock };
  const offset = offsetMinutes(zone);
  if (offset === undefined) return undefined;
  // In UTC, so that one moment has one spelling; the fraction, finer than a Date's, is put back.
  const utc = new Date(Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`) - offset * 60_000);
  const clockUtc = utc.toISOString().slice(0, 19);
  return { kind: "instant", text: `${clockUtc}${micros && `.${micros}`}+00:00` };
}

/** Minutes east of Greenwich. The widest offsets in use are -12:00 and +14:00; PostgreSQL takes up to 15:59. */
function offsetMinutes(zone: string): number | undefined {
  if (zone.toUpperCase() === "Z") return 0;
  const hours = Number(zone.slice(1, 3));
  const minutes = zone.length > 3 ? Number(zone.slice(-2)) : 0;
  if (hours > 15 || minutes > 59) return undefined;
  return (zone.startsWith("-") ? -1 : 1) * (hours * 60 + minutes);
}

function fromSlashed(text: string, dayFirst: boolean): SentTime | undefined {
  const m = SLASHED.exec(text);
  if (!m) return undefined;
  const [, first = "", second = "", yearText = "", hour = "", minute = "", seconds = "00"] = m;
  const [month, day] = dayFirst ? [second, first] : [first, second];
  const year = yearText.length === 2 ? Number(yearText) + (Number(yearText) < 70 ? 2000 : 1900) : Number(yearText);
  if (!exists(year, Number(month), Number(day), Number(hour), Number(minute), Number(seconds))) return undefined;
  const two = (part: string) => part.padStart(2, "0");
  return {
    kind: "naive",
    text: `${String(year).padStart(4, "0")}-${two(month)}-${two(day)}T${two(hour)}:${minute}:${seconds}`,
  };
}

function exists(year: number, month: number, day: number, hour: number, minute: number, second: number): boolean {
  if (year < 1 || month < 1 || month > 12 || hour > 23 || minute > 59 || second > 59) return false;
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  const days = [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1] ?? 0;
  return day >= 1 && day <= days;
}

/** Which times a trip may have; both ends are `YYYY-MM-DD`. */
export interface TimeRange {
  min: string;
  max: string;
}

/**
 * Checks that a time lies within a range, by its date, for an instant in UTC: that is less than a day off, and the
 * range is there to catch typing errors, which would make a partition each.
 */
export function within(time: SentTime, range: TimeRange): Parsed<SentTime> {
  const date = time.text.slice(0, 10);
  if (date < range.min) return bad("out_of_range", `${time.text} is before ${range.min}`);
  if (date > range.max) return bad("out_of_range", `${time.text} is after ${range.max}`);
  return ok(time);
}

/** Today's date (UTC) moved by whole years, `YYYY-MM-DD`. */
export function yearsFrom(now: Date, years: number): string {
  const moved = new Date(now);
  moved.setUTCFullYear(moved.getUTCFullYear() + years);
  return moved.toISOString().slice(0, 10);
}
