import { monthOfName } from "./month-names.ts";
import type { SentTime } from "./time-parts.ts";
import { clockText, exists, existsOrEnds, minutesEast, utcOf } from "./time-parts.ts";
import { isTimeZone } from "./time-zone.ts";
import { minutesOfAbbreviation } from "./zone-abbreviations.ts";

const MAX_LENGTH = 60;
/**
 * Longer than any time in a pattern of that length, with some spaces to spare. A regular expression reads all of a
 * text.
 */
const MAX_TEXT = 100;
/**
 * Limit of optional parts without a token. Each doubles the ways to read a text: with sixteen of `[1]`, every text that
 * does not fit would take milliseconds.
 */
const MAX_BARE = 4;
/** A letter of Latin script, also with a separate accent. */
const LETTER = "[a-z\\u00c0-\\u017f\\u0300-\\u036f]";

type Part =
  | "year"
  | "month"
  | "day"
  | "weekday"
  | "hour"
  | "minute"
  | "second"
  | "fraction"
  | "half"
  | "zone"
  | "place";

interface Token {
  part: Part;
  /** The group of a regular expression that reads it. */
  source: string;
  /** Whether it reads digits, and whether their number is fixed. */
  digits: "none" | "fixed" | "variable";
  /** The part of 2018-05-21 02:54:04. */
  example: string;
}

const token = (part: Part, source: string, digits: Token["digits"], example: string): Token => ({
  part,
  source,
  digits,
  example,
});

const TOKENS: Readonly<Record<string, Token>> = {
  YYYY: token("year", String.raw`(\d{4})`, "fixed", "2018"),
  YY: token("year", String.raw`(\d{2})`, "fixed", "18"),
  MMM: token("month", `(${LETTER}{3,14}\\.?)`, "none", "May"),
  MM: token("month", String.raw`(\d{2})`, "fixed", "05"),
  M: token("month", String.raw`(\d{1,2})`, "variable", "5"),
  DD: token("day", String.raw`(\d{2})`, "fixed", "21"),
  D: token("day", String.raw`(\d{1,2})`, "variable", "21"),
  EEE: token("weekday", `(${LETTER}{2,14}\\.?)`, "none", "Mon"),
  HH: token("hour", String.raw`(\d{2})`, "fixed", "02"),
  H: token("hour", String.raw`(\d{1,2})`, "variable", "2"),
  mm: token("minute", String.raw`(\d{2})`, "fixed", "54"),
  m: token("minute", String.raw`(\d{1,2})`, "variable", "54"),
  SS: token("second", String.raw`(\d{2})`, "fixed", "04"),
  S: token("second", String.raw`(\d{1,2})`, "variable", "4"),
  SSS: token("fraction", String.raw`(\d{1,9})`, "variable", "5"),
  A: token("half", String.raw`([ap])\.?m\.?`, "none", "AM"),
  VV: token("place", "([a-z_]+(?:/[a-z0-9_+-]+){0,2})", "none", "Europe/Rome"),
  Z: token("zone", String.raw`(z|(?:utc|gmt)?[+-]\d{2}(?::?\d{2})?)(?: \([^()]{2,50}\))?`, "none", "+02:00"),
};

const LEXEME = /([A-Za-z])\1*|'[^']*'|\s+|[^A-Za-z']/y;

/** Reads all spaces at a place. Fewer are never tried if the rest does not fit. */
const SPACES = String.raw`\s+(?!\s)`;

/** Before AM and PM a space is often left out. */
const SPACES_OR_NONE = String.raw`\s*(?!\s)`;

/**
 * Compiles a pattern of tokens, `[optional parts]` and other characters, which stand for themselves. A space reads any
 * space. Directly after the hour M and MM are minutes, elsewhere the month. Case does not matter, except for `mm` and
 * `m`, which are always minutes. A year at the end of its date may have two digits, which are 1970 to 2069, as
 * PostgreSQL reads them. Letters in single quotes stand for themselves.
 *
 * @throws RangeError that says what is wrong with the pattern
 */
export function timePattern(pattern: string): { read: (text: string) => SentTime | undefined; example: string } {
  if (pattern.length > MAX_LENGTH) throw new RangeError(`it is longer than ${MAX_LENGTH} characters`);
  const { source, example, parts } = compile(pattern);
  const regex = new RegExp(`^${source}$`, "i");
  const at = (part: Part) => parts.indexOf(part) + 1;
  const [y, mo, d, h] = [at("year"), at("month"), at("day"), at("hour")];
  const [mi, s, f, a, z] = [at("minute"), at("second"), at("fraction"), at("half"), at("zone")];
  const v = at("place");
  const read = (text: string): SentTime | undefined => {
    const m = text.length > MAX_TEXT ? null : regex.exec(text);
    if (!m) return undefined;
    const group = (index: number, otherwise = "00") => (index === 0 ? otherwise : (m[index] ?? otherwise));
    const year = fullYear(group(y));
    const month = monthNumber(group(mo));
    const isHalf = a !== 0 && m[a] !== undefined;
    const hour = isHalf ? hourOfDay(Number(group(h)), group(a)) : Number(group(h));
    const isThere = isHalf ? exists : existsOrEnds;
    if (!isThere(year, month, Number(group(d)), hour, Number(group(mi)), Number(group(s)))) return undefined;
    const clock = clockText(`${year}`, `${month}`, group(d), `${hour}`, group(mi), group(s), group(f, ""));
    const place = group(v, "");
    if (place !== "") return inZone(clock, place);
    const zone = group(z, "");
    if (zone === "") return { kind: "naive", text: clock };
    const east = minutesEast(zone.replace(/^(utc|gmt)/i, ""));
    return east === undefined ? undefined : { kind: "instant", text: utcOf(clock, east) };
  };
  return { read, example };
}

function compile(pattern: string): { source: string; example: string; parts: Part[] } {
  const parts: Part[] = [];
  const required = new Set<Part>();
  let [source, example, optional, before] = ["", "", false, undefined as Token | undefined];
  let [bare, partsBefore] = [0, 0];
  const lexemes = lexemesOf(pattern);
  for (const [i, lexeme] of lexemes.entries()) {
    if (lexeme === "[" || lexeme === "]") {
      if (optional === (lexeme === "[")) throw new RangeError("its brackets do not match; they cannot be nested");
      optional = lexeme === "[";
      source += optional ? "(?:" : ")?";
      if (optional) partsBefore = parts.length;
      else if (parts.length === partsBefore && ++bare > MAX_BARE) {
        throw new RangeError(`it has more than ${MAX_BARE} optional parts that hold nothing of a time`);
      }
      continue;
    }
    const found = tokenOf(lexeme, parts.at(-1));
    if (!found) {
      const literal = lexeme.replaceAll("'", "");
      // The spaces could be divided between the two in many ways, and all would be tried.
      if (/\s$/.test(example) && /^\s/.test(literal)) throw new RangeError("it has a space beside another one");
      const isBeforeHalf = /^\s+$/.test(lexeme) && /^A$/i.test(lexemes[i + 1] ?? "");
      source += isBeforeHalf
        ? SPACES_OR_NONE
        : /^\s+$/.test(lexeme)
          ? SPACES
          : literal.replace(/[\\^$.*+?()[\]{}|/-]/g, String.raw`\$&`);
      [example, before] = [example + literal, undefined];
      continue;
    }
    if (parts.includes(found.part)) throw new RangeError(`it has the ${found.part} twice`);
    const next = tokenOf(lexemes.slice(i + 1).find((l) => l !== "[" && l !== "]") ?? "", found.part);
    const alone = (before?.digits ?? "none") === "none" && (next?.digits ?? "none") === "none";
    if (found.digits === "variable" && !alone) throw new RangeError(`${lexeme} needs a separator beside it`);
    if (!optional) required.add(found.part);
    parts.push(found.part);
    // After day and month a year cannot be mistaken for either.
    const last = alone && parts.includes("day") && parts.includes("month");
    source += lexeme.toUpperCase() === "YYYY" && last ? String.raw`(\d{4}|\d{2})` : found.source;
    [example, before] = [example + found.example, found];
  }
  if (optional) throw new RangeError("its brackets do not match");
  for (const part of ["year", "month", "day", "hour"] as const) {
    if (!required.has(part)) throw new RangeError(`it lacks the ${part}`);
  }
  return { source, example, parts };
}

function lexemesOf(pattern: string): string[] {
  const lexemes: string[] = [];
  for (LEXEME.lastIndex = 0; LEXEME.lastIndex < pattern.length; ) {
    const lexeme = LEXEME.exec(pattern)?.[0];
    if (lexeme === undefined) throw new RangeError("a quote is opened and never closed");
    lexemes.push(lexeme);
  }
  return lexemes;
}

/** The token of a lexeme. Undefined: the lexeme stands for itself. */
function tokenOf(lexeme: string, before: Part | undefined): Token | undefined {
  if (!/^[A-Za-z]/.test(lexeme) || lexeme === "T") return undefined;
  const name = /^m+$/.test(lexeme) ? lexeme : lexeme.toUpperCase().replace(/^(SSS)S+$|^(EEE)E+$/, "$1$2");
  if ((name === "MM" || name === "M") && before === "hour") return TOKENS[name.toLowerCase()];
  const found = Object.hasOwn(TOKENS, name) ? TOKENS[name] : undefined;
  if (!found) throw new RangeError(`${lexeme} is none of ${Object.keys(TOKENS).join(", ")}`);
  return found;
}

/** The moment of a wall clock in a zone that is named with it. */
function inZone(clock: string, name: string): SentTime | undefined {
  const east = minutesOfAbbreviation(name);
  if (east !== undefined) return { kind: "instant", text: utcOf(clock, east) };
  return isTimeZone(name) ? { kind: "instant", text: `${clock} ${name}` } : undefined;
}

const fullYear = (text: string) =>
  text.length === 2 ? Number(text) + (Number(text) < 70 ? 2000 : 1900) : Number(text);

/** The month of digits or of a name. Other text gives 0, which is no month. */
const monthNumber = (text: string): number => (/^\d/.test(text) ? Number(text) : monthOfName(text));

/** The hour of the day: 12 AM is 0 and 12 PM is 12. An hour that is not on a clock face gives 24, which is no hour. */
function hourOfDay(hour: number, half: string): number {
  if (hour < 1 || hour > 12) return 24;
  return (hour % 12) + (half.toLowerCase() === "p" ? 12 : 0);
}
