import type { Problem } from "../batches/receipt.ts";
import type { PathEnds } from "../geo/path.ts";
import { bad, ok, type Parsed } from "../kit/parsed.ts";
import { shown } from "../kit/shown.ts";
import type { Lookups } from "../lookups/lookup.ts";
import {
  type ColumnRule,
  FIELD_TARGETS,
  type FieldTarget,
  type Mapping,
  TEXT_TARGETS,
  UNITS,
} from "../mappings/mapping.ts";
import { type NumberStyle, plainNumber } from "../text/number-text.ts";
import { timeReader } from "../time/time.ts";
import { isPlainText } from "./plain-text.ts";
import { emptyTest, isCoordinate, jsonFault, readValue, type ValueOptions } from "./value.ts";

/** The values read from a row. All rows of a batch share one object. */
export interface RowState {
  /** Indexed by target, see `SLOT`. */
  values: unknown[];
  /** The ends of the way, if a column holds it. */
  path: PathEnds | undefined;
  attributes: Record<string, unknown> | undefined;
  /** An upper bound of the characters that the attributes take as JSON without escapes. Infinity: unknown. */
  attributeLength: number;
  problems: Problem[];
}

/** Reads one value into the row, or records its problem. */
export type ReadColumn = (raw: unknown, row: RowState) => void;

/** The index of each target in the values of a row. */
export const SLOT = Object.fromEntries(FIELD_TARGETS.map((target, i) => [target, i])) as Record<FieldTarget, number>;

/** The columns of a mapping as functions. */
export interface Readers {
  /** Keyed by the sender's column names. Undefined: the column is dropped. */
  known: ReadonlyMap<string, ReadColumn | undefined>;
  /** Creates the reader of a column without a rule. Undefined: such columns are dropped. */
  other: ((column: string) => ReadColumn) | undefined;
  /** Creates a reader for a column that a rule would read if it had the column's name. */
  byRule: (column: string, rule: ColumnRule) => ReadColumn;
}

/** Facts about the rows beside their mapping. */
export interface RowsAbout {
  fromCsv: boolean;
  maxNesting: number;
  /** How the file writes numbers, unless the mapping says it. */
  numbers?: NumberStyle | undefined;
  /** The lookups that the mapping names. */
  lookups?: Lookups | undefined;
}

/** Compiles a mapping's rules into functions, once for all rows of a batch. */
export function compileColumns(mapping: Mapping, { fromCsv, maxNesting, numbers = {}, lookups }: RowsAbout): Readers {
  const textValues = mapping.textValues === true;
  const options: ValueOptions = {
    fromCsv,
    textValues,
    times: timeReader(mapping.timeFormats, mapping.timeZone),
    numbers: mapping.numbers ?? numbers,
    maxNesting,
  };
  const isText = fromCsv || textValues;
  const byRule = (column: string, rule: ColumnRule) => {
    const isEmpty = emptyTest([...(mapping.empty ?? []), ...(rule.empty ?? [])], isText);
    return unless(isEmpty, readerOf(column, rule, options, lookups));
  };
  const known = new Map<string, ReadColumn | undefined>();
  for (const [column, rule] of Object.entries(mapping.columns)) {
    known.set(column, rule.to === "drop" ? undefined : byRule(column, rule));
  }
  const isEmpty = emptyTest(mapping.empty ?? [], isText);
  const other = (column: string) => unless(isEmpty, otherReader(column, maxNesting));
  return { known, other: mapping.otherColumns === "drop" ? undefined : other, byRule };
}

const unless =
  (isEmpty: (raw: unknown) => boolean, read: ReadColumn): ReadColumn =>
  (raw, row) => {
    if (!isEmpty(raw)) read(raw, row);
  };

/** Reads most values by a fast path. `carefully` reads all others. */
function readerOf(column: string, rule: ColumnRule, options: ValueOptions, lookups: Lookups | undefined): ReadColumn {
  const { fromCsv, times, numbers } = options;
  const store = storeOf(rule.to);
  if (rule.lookup !== undefined) return lookupReader(column, rule.lookup, lookups, store);
  const carefully: ReadColumn = (raw, row) => {
    const parsed = converted(readValue(raw, rule, options), rule);
    if (parsed.ok) store(row, parsed.value);
    else row.problems.push({ field: column, ...parsed.fault });
  };
  const slot = SLOT[rule.to as FieldTarget];
  if (slot === undefined) return carefully;
  if (rule.type === "time") {
    return (raw, row) => {
      const time = typeof raw === "string" ? times.read(raw) : undefined;
      if (time) row.values[slot] = time;
      else carefully(raw, row);
    };
  }
  // Where the comma is decimal, the point of `1.234` may separate thousands.
  const isPlain = numbers.decimal !== "," && numbers.thousands !== ".";
  if (rule.type === "number" && fromCsv && rule.unit === undefined && (isPlain || isCoordinate(rule.to))) {
    return (raw, row) => {
      const value = plainNumber(raw as string);
      if (Number.isNaN(value)) carefully(raw, row);
      else row.values[slot] = value;
    };
  }
  if (rule.type === "text" || rule.type === "id") {
    return (raw, row) => {
      if (typeof raw === "string" && isPlainText(raw)) row.values[slot] = raw;
      else carefully(raw, row);
    };
  }
  return carefully;
}

function storeOf(to: ColumnRule["to"]): (row: RowState, value: unknown) => void {
  if (to === "attributes") {
    return (row, value) => {
      for (const [name, member] of Object.entries(value as object)) setAttribute(row, name, member);
    };
  }
  if (to.startsWith("attributes.")) {
    const name = to.slice("attributes.".length);
    return (row, value) => setAttribute(row, name, value);
  }
  if (to === "path") {
    return (row, value) => {
      row.path = value as PathEnds;
    };
  }
  const slot = SLOT[to as FieldTarget];
  return (row, value) => {
    row.values[slot] = value;
  };
}

/** Reads an id whose place a lookup has. */
function lookupReader(
  column: string,
  name: string,
  lookups: Lookups | undefined,
  store: (row: RowState, value: unknown) => void,
): ReadColumn {
  const lookup = lookups?.get(name);
  return (raw, row) => {
    const id = typeof raw === "number" ? String(raw) : typeof raw === "string" ? raw.trim() : undefined;
    const point = id === undefined ? undefined : lookup?.get(id);
    if (point) store(row, point);
    else {
      const detail = `the lookup ${name} has no place with the id ${shown(raw)}`;
      row.problems.push({ field: column, code: "invalid_point", detail });
    }
  };
}

/** Converts numbers that name something to text, and numbers in other units to seconds and metres. */
function converted(parsed: Parsed<unknown>, { to, unit }: ColumnRule): Parsed<unknown> {
  if (!parsed.ok || typeof parsed.value !== "number") return parsed;
  if ((TEXT_TARGETS as readonly string[]).includes(to)) return ok(String(parsed.value));
  if (unit === undefined) return parsed;
  const value = parsed.value * ((UNITS as Record<string, Record<string, number>>)[to]?.[unit] ?? Number.NaN);
  return Number.isFinite(value) ? ok(value) : bad("out_of_range", "the number is too large");
}

/** Keeps the value of a column without a rule under the sender's own name. */
function otherReader(column: string, maxNesting: number): ReadColumn {
  // The name is checked with the value: if either cannot be stored, the row is faulty.
  const nameFault = jsonFault(column, maxNesting);
  const field = column.toWellFormed().replaceAll("\0", "");
  return (raw, row) => {
    const plain = nameFault === undefined && typeof raw === "string" && isPlainText(raw);
    const fault = plain ? undefined : jsonFault({ [column]: raw }, maxNesting);
    if (fault) row.problems.push({ field, code: "invalid_text", detail: fault });
    else setAttribute(row, column, raw);
  };
}

/** Sets a member of any name. A plain assignment to `__proto__` would not create a member. */
export function setAttribute(row: RowState, name: string, value: unknown): void {
  row.attributes ??= {};
  // Quotes, a colon and a comma are 6 characters, and no number takes more than 25.
  row.attributeLength +=
    name.length + (typeof value === "string" ? value.length + 6 : typeof value === "object" ? Infinity : 31);
  if (name !== "__proto__") row.attributes[name] = value;
  else Object.defineProperty(row.attributes, name, { value, enumerable: true, configurable: true, writable: true });
}
