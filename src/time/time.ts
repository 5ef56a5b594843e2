import { bad, ok, type Parsed } from "../kit/parsed.ts";
import { shown } from "../kit/shown.ts";
import { type TimeFormat, timeFormat } from "./time-format.ts";
import type { SentTime } from "./time-parts.ts";

/** Reads times as senders write them. */
export interface TimeReader {
  /** The time, or undefined if no format fits. */
  read(text: string): SentTime | undefined;
  /** The same for a number in JSON. Only unix times may be numbers. */
  readNumber(value: number): SentTime | undefined;
  /** Whether some format counts from 1970, so that numbers are times. */
  takesNumbers: boolean;
  /** Descriptions of the formats, for messages. */
  expected: string;
}

/**
 * Makes a reader that tries formats in their order: each is one that `timeFormat` knows.
 *
 * @param zone IANA name of the zone of times without an offset; undefined: they are local at the origin
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
 * Reads a sent time in the first of `formats` that fits. Dates must exist. A fraction of a second is kept to the
 * microsecond.
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
 * Checks that a time lies within a range, by its written date. For an instant this is off by about a day at most. The
 * range catches typing errors, which would make a partition each.
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
