import { bad, ok, type Parsed, shown } from "./point.ts";
import { type TimeFormat, timeFormat } from "./time-format.ts";

/**
 * A time as it was sent. `naive` is a wall clock at the origin, `YYYY-MM-DDTHH:MM:SS[.ffffff]`; `instant` is a moment,
 * the same in UTC with `+00:00` behind it, or a wall clock elsewhere with a space and the name of its time zone behind
 * it, which PostgreSQL resolves just as `AT TIME ZONE`. Which of the two decides how the database finds the other one.
 */
export interface SentTime {
  kind: "naive" | "instant";
  text: string;
}

/** Reads what a sender wrote for a time. */
export interface TimeReader {
  /** The time, or undefined if no format fits. */
  read(text: string): SentTime | undefined;
  /** The same of a number in JSON, which only unix times may be. */
  readNumber(value: number): SentTime | undefined;
  /** Some format is a count since 1970, so numbers are times. */
  takesNumbers: boolean;
  /** What the formats look like, for messages. */
  expected: string;
}

/**
 * Makes a reader that tries formats in their order: `iso`, `unix`, `unix_ms` or a pattern.
 *
 * @param zone IANA name of the zone that times without an offset are in; none: they are local at the origin
 * @throws RangeError if a format is none of these
 */
export function timeReader(names: readonly string[], zone?: string): TimeReader {
  const formats = names.map(timeFormat);
  const ofNumbers = formats.filter((format) => format.takesNumbers);
  const placed = (time: SentTime): SentTime =>
    zone !== undefined && time.kind === "naive" ? { kind: "instant", text: `${time.text} ${zone}` } : time;
  const first = (tried: readonly TimeFormat[], text: string) => {
    for (const format of tried) {
      const time = format.read(text);
      if (time) return placed(time);
    }
    return undefined;
  };
  return {
    read: (text) => first(formats, text.trim()),
    readNumber: (value) => first(ofNumbers, String(value)),
    takesNumbers: ofNumbers.length > 0,
    expected: formats.map((format) => format.expected).join(", or "),
  };
}

/**
 * A time from what was sent, in the first of `formats` that fits. Dates must exist; a fraction of a second is kept to
 * the microsecond.
 */
export function timeFrom(text: string, formats: readonly string[] | TimeReader): Parsed<SentTime> {
  const reader = "read" in formats ? formats : timeReader(formats);
  const time = reader.read(text);
  return time ? ok(time) : bad("invalid_time", `expected ${reader.expected}, but got ${shown(text)}`);
}

/** Which times a trip may have; both ends are `YYYY-MM-DD`. */
export interface TimeRange {
  min: string;
  max: string;
}

/**
 * Checks that a time lies within a range, by the date that it is written with: that is about a day off at most for an
 * instant, and the range is there to catch typing errors, which would make a partition each.
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
