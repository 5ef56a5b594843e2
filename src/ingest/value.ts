import type { ColumnRule, EmptyValue } from "../mapping.ts";
import { bad, ok, type Parsed, pointIn, shown } from "../point.ts";
import { type TimeReader, timeFrom } from "../time.ts";

const MAX_TEXT = 200;
const MAX_DEPTH = 32;

/** True if a sender left the value out: null in JSON, nothing between the commas in a CSV. */
export const isAbsent = (value: unknown, fromCsv: boolean) =>
  value === undefined || value === null || (fromCsv && value === "");

/** Tells what a sender left out, or wrote one of `empty` for; a number stands for it however it is written: 0 also as `0.00`. */
export function emptyTest(empty: readonly EmptyValue[], fromCsv: boolean): (raw: unknown) => boolean {
  if (empty.length === 0) return fromCsv ? (raw) => raw === "" : (raw) => isAbsent(raw, false);
  const values = new Set<unknown>(empty);
  const asNumber = fromCsv && empty.some((value) => typeof value === "number");
  return (raw) => {
    if (isAbsent(raw, fromCsv) || values.has(raw)) return true;
    return asNumber && (raw as string).trim() !== "" && values.has(Number(raw));
  };
}

/**
 * Reads one value as its column's type. JSON is strict, a number is no text and no text is a number; a CSV has only text,
 * which must read as the type.
 */
export function readValue(value: unknown, rule: ColumnRule, fromCsv: boolean, times: TimeReader): Parsed<unknown> {
  switch (rule.type) {
    case "text":
      return typeof value === "string" ? checkText(value) : wrongType("text", value);
    case "id":
      return typeof value === "number"
        ? checkInteger(value)
        : readValue(value, { ...rule, type: "text" }, fromCsv, times);
    case "integer":
      return fromCsv ? integerFrom(value as string) : checkInteger(value);
    case "number":
      return fromCsv ? numberFrom(value as string) : checkNumber(value);
    case "point":
      return pointIn(value, rule.form ?? "any");
    case "time":
      return readTime(value, times);
    case "object":
      return fromCsv ? objectFrom(value as string) : checkObject(value);
    case "any":
      return checkAny(value);
  }
}

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
  // As a step of an address these mean something else, so nothing named so could be asked for.
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
function integerFrom(text: string): Parsed<number> {
  return /^\s*[+-]?\d+(\.0*)?\s*$/.test(text) ? checkInteger(Number(text)) : wrongType("an integer", text);
}

function numberFrom(text: string): Parsed<number> {
  return /^\s*[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?\s*$/i.test(text)
    ? checkNumber(Number(text))
    : wrongType("a number", text);
}

function objectFrom(text: string): Parsed<Record<string, unknown>> {
  try {
    return checkObject(JSON.parse(text));
  } catch {
    return bad("invalid_json", `expected a JSON object, but got ${shown(text)}`);
  }
}

function checkObject(value: unknown): Parsed<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return wrongType("an object", value);
  const fault = jsonFault(value);
  return fault ? bad("invalid_json", fault) : ok(value as Record<string, unknown>);
}

function checkAny(value: unknown): Parsed<unknown> {
  const fault = jsonFault(value);
  return fault ? bad("invalid_text", fault) : ok(value);
}

/** Beyond 2^53 the integer that arrives here is no longer the one that was sent: an id of 64 bits must come as text. */
function numberFault(value: number): string | undefined {
  if (!Number.isFinite(value)) return "it holds a number that is too large";
  if (!Number.isInteger(value) || Number.isSafeInteger(value)) return undefined;
  return `it holds the integer ${value}, beyond 2^53, which cannot be kept exactly: send it as text`;
}

/** Why a JSON value cannot be stored, if so: text that PostgreSQL does not take, numbers that are too large, deep nesting. */
export function jsonFault(value: unknown, depth = 0): string | undefined {
  if (depth > MAX_DEPTH) return `it is nested more than ${MAX_DEPTH} levels deep`;
  if (typeof value === "string") return textFault(value);
  if (typeof value === "number") return numberFault(value);
  if (typeof value !== "object" || value === null) return undefined;
  for (const [key, member] of Object.entries(value)) {
    const fault = textFault(key) ?? jsonFault(member, depth + 1);
    if (fault) return fault;
  }
  return undefined;
}
