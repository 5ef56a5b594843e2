import { placeIn } from "../geo/forms.ts";
import { type PathForm, pathIn } from "../geo/path.ts";
import { bad, ok, type Parsed } from "../kit/parsed.ts";
import { shown } from "../kit/shown.ts";
import type { ColumnRule, EmptyValue } from "../mappings/mapping.ts";
import { degreesOfText } from "../text/degrees-text.ts";
import { type NumberStyle, numberOfText } from "../text/number-text.ts";
import { type TimeReader, timeFrom } from "../time/time.ts";
import { ROW_LIMITS } from "./row-limits.ts";

const MAX_TEXT = 200;

/** True if a sender left the value out: null in JSON, nothing between the commas in a CSV. */
export const isAbsent = (value: unknown, fromCsv: boolean) =>
  value === undefined || value === null || (fromCsv && value === "");

/**
 * Creates the test for a value that a sender left out or replaced by one of `empty`. In a CSV a number matches in any
 * notation: 0 also matches `0.00`.
 */
export function emptyTest(empty: readonly EmptyValue[], fromCsv: boolean): (raw: unknown) => boolean {
  if (empty.length === 0) return fromCsv ? (raw) => raw === "" : (raw) => isAbsent(raw, false);
  const values = new Set<unknown>(empty);
  const asNumber = fromCsv && empty.some((value) => typeof value === "number");
  return (raw) => {
    if (isAbsent(raw, fromCsv) || values.has(raw)) return true;
    return asNumber && typeof raw === "string" && raw.trim() !== "" && values.has(Number(raw.replace(",", ".")));
  };
}

/** How values are read. */
export interface ValueOptions {
  fromCsv: boolean;
  /** Whether JSON may hold numbers, booleans and times as text, and text as numbers and booleans. */
  textValues: boolean;
  times: TimeReader;
  numbers: NumberStyle;
  maxNesting: number;
}

/**
 * Reads one value as its column's type. JSON is strict: a number is not text, and text is not a number, unless the
 * mapping says otherwise. A CSV has only text, which must read as the type.
 */
export function readValue(value: unknown, rule: ColumnRule, options: ValueOptions): Parsed<unknown> {
  const { fromCsv, textValues, times, numbers, maxNesting } = options;
  const isText = typeof value === "string" && (fromCsv || textValues);
  switch (rule.type) {
    case "text":
      if (textValues && (typeof value === "number" || typeof value === "boolean")) return checkText(String(value));
      return typeof value === "string" ? checkText(value) : wrongType("text", value);
    case "id":
      return typeof value === "number" ? checkInteger(value) : readValue(value, { ...rule, type: "text" }, options);
    case "integer":
      return isText ? integerFrom(value, numbers) : checkInteger(value);
    case "number":
      return isText ? numberFrom(value, numbers, rule.to) : checkNumber(value);
    case "point":
      return placeIn(value, rule.form ?? "any");
    case "path":
      return pathIn(value, (rule.form ?? "any") as PathForm);
    case "time":
      return readTime(value, times);
    case "object":
      return isText ? objectFrom(value, maxNesting) : checkObject(value, maxNesting);
    case "any":
      return checkAny(value, maxNesting);
  }
}

/** Whether a target is a coordinate, in which a comma cannot separate thousands. */
export const isCoordinate = (to: string): boolean => /_(lon|lat)$/.test(to);

const wrongType = (expected: string, value: unknown) =>
  bad("wrong_type", `expected ${expected}, but got ${typeName(value)} ${shown(value)}`);

function typeName(value: unknown): string {
  if (typeof value === "string") return "the text";
  if (typeof value === "number") return "the number";
  return Array.isArray(value) ? "the array" : typeof value === "object" ? "the object" : "";
}

function readTime(value: unknown, times: TimeReader): Parsed<unknown> {
  if (typeof value === "string") return timeFrom(value, times);
  if (typeof value !== "number" || !times.takesNumbers) return wrongType("a time as text", value);
  const time = times.readNumber(value);
  return time ? ok(time) : bad("invalid_time", `expected ${times.expected}, but got ${shown(value)}`);
}

/** Text that names something: not empty, at most 200 characters, and storable. */
export function checkText(text: string): Parsed<string> {
  if (text.trim() === "") return bad("invalid_text", "expected text, but it is empty");
  // These have another meaning in the path of a URL, so a thing of this name could not be requested.
  if (text === "." || text === "..") return bad("invalid_text", `${shown(text)} cannot stand in an address`);
  if (text.length > MAX_TEXT) return bad("invalid_text", `at most ${MAX_TEXT} characters, but it has ${text.length}`);
  const fault = textFault(text);
  return fault ? bad("invalid_text", fault) : ok(text);
}

/** PostgreSQL stores neither NUL nor half of a surrogate pair. */
function textFault(text: string): string | undefined {
  if (text.includes("\0")) return "it holds a NUL character (U+0000), which cannot be stored";
  if (!text.isWellFormed()) return "it holds half of a surrogate pair, which is no character";
  return undefined;
}

function checkInteger(value: unknown): Parsed<number> {
  if (typeof value !== "number" || !Number.isInteger(value)) return wrongType("an integer", value);
  // Beyond 2^53 the number that arrives here is no longer the one that was sent.
  if (!Number.isSafeInteger(value)) return bad("out_of_range", `${value} is beyond 2^53 and cannot be kept exactly`);
  return ok(value);
}

function checkNumber(value: unknown): Parsed<number> {
  if (typeof value !== "number") return wrongType("a number", value);
  return Number.isFinite(value) ? ok(value) : bad("out_of_range", "the number is too large");
}

/** Spreadsheets and data frames write whole numbers as `448.0` where the column has gaps. */
function integerFrom(text: string, numbers: NumberStyle): Parsed<number> {
  if (/^\s*[+-]?\d+(\.0*)?\s*$/.test(text)) return checkInteger(Number(text));
  const value = numberOfText(text, numbers);
  if (value === "ambiguous") return ambiguous(text);
  return value !== undefined && Number.isInteger(value) ? checkInteger(value) : wrongType("an integer", text);
}

function numberFrom(text: string, numbers: NumberStyle, to: string): Parsed<number> {
  const axis = !isCoordinate(to) ? undefined : to.endsWith("lat") ? "lat" : "lon";
  const value = numberOfText(text, numbers, axis !== undefined) ?? (axis && degreesOfText(text, axis));
  if (value === "ambiguous") return ambiguous(text);
  return value === undefined ? wrongType("a number", text) : checkNumber(value);
}

function ambiguous(text: string): Parsed<number> {
  const [fraction, whole] = [text.trim().replace(",", "."), text.trim().replace(",", "")];
  const remedy = "say in the mapping which mark is `decimal`";
  return bad("wrong_type", `expected a number, but ${shown(text)} could be ${fraction} or ${whole}: ${remedy}`);
}

function objectFrom(text: string, maxNesting: number): Parsed<Record<string, unknown>> {
  try {
    return checkObject(JSON.parse(text), maxNesting);
  } catch {
    return bad("invalid_json", `expected a JSON object, but got ${shown(text)}`);
  }
}

function checkObject(value: unknown, maxNesting: number): Parsed<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return wrongType("an object", value);
  const fault = jsonFault(value, maxNesting);
  return fault ? bad("invalid_json", fault) : ok(value as Record<string, unknown>);
}

function checkAny(value: unknown, maxNesting: number): Parsed<unknown> {
  const fault = jsonFault(value, maxNesting);
  return fault ? bad("invalid_text", fault) : ok(value);
}

/**
 * Beyond 2^53 the integer that arrives here is no longer the one that was sent, so an id of 64 bits must come as text.
 */
function numberFault(value: number): string | undefined {
  if (!Number.isFinite(value)) return "it holds a number that is too large";
  if (!Number.isInteger(value) || Number.isSafeInteger(value)) return undefined;
  return `it holds the integer ${value}, beyond 2^53, which cannot be kept exactly: send it as text`;
}

/**
 * The reason why a JSON value cannot be stored: text that PostgreSQL rejects, numbers that are too large, or deep
 * nesting. Undefined: it can be stored.
 */
export function jsonFault(value: unknown, maxNesting = ROW_LIMITS.maxNesting, depth = 0): string | undefined {
  if (depth > maxNesting) return `it is nested more than ${maxNesting} levels deep`;
  if (typeof value === "string") return textFault(value);
  if (typeof value === "number") return numberFault(value);
  if (typeof value !== "object" || value === null) return undefined;
  if (Array.isArray(value)) {
    for (const member of value) {
      const fault = jsonFault(member, maxNesting, depth + 1);
      if (fault) return fault;
    }
    return undefined;
  }
  for (const key of Object.keys(value)) {
    const fault = textFault(key) ?? jsonFault((value as Record<string, unknown>)[key], maxNesting, depth + 1);
    if (fault) return fault;
  }
  return undefined;
}
