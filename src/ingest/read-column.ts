import type { Problem } from "../batch.ts";
import { type ColumnRule, FIELD_TARGETS, type FieldTarget, type Mapping, TEXT_TARGETS, UNITS } from "../mapping.ts";
import { bad, ok, type Parsed } from "../point.ts";
import { type TimeReader, timeReader } from "../time.ts";
import { isPlainText, plainNumber } from "./quick.ts";
import { emptyTest, jsonFault, readValue } from "./value.ts";

/** What has been read of a row; the same one is used for all rows of a batch. */
export interface RowState {
  /** By the number of their target, see `SLOT`. */
  values: unknown[];
  attributes: Record<string, unknown> | undefined;
  problems: Problem[];
}

/** Reads one value into the row, or puts down what is wrong with it. */
export type ReadColumn = (raw: unknown, row: RowState) => void;

/** Where each target stands among the values of a row. */
export const SLOT = Object.fromEntries(FIELD_TARGETS.map((target, i) => [target, i])) as Record<FieldTarget, number>;

/** The columns of a mapping as functions. */
export interface Readers {
  /** By the sender's column names; undefined: the column is dropped. */
  known: ReadonlyMap<string, ReadColumn | undefined>;
  /** Of a column without a rule; undefined: such columns are dropped. */
  other: ((column: string) => ReadColumn) | undefined;
}

/** Makes a mapping's rules into functions, once for all rows of a batch. */
export function compileColumns(mapping: Mapping, fromCsv: boolean): Readers {
  const times = timeReader(mapping.timeFormats, mapping.timeZone);
  const known = new Map<string, ReadColumn | undefined>();
  for (const [column, rule] of Object.entries(mapping.columns)) {
    const isEmpty = emptyTest([...(mapping.empty ?? []), ...(rule.empty ?? [])], fromCsv);
    known.set(column, rule.to === "drop" ? undefined : unless(isEmpty, readerOf(column, rule, fromCsv, times)));
  }
  const isEmpty = emptyTest(mapping.empty ?? [], fromCsv);
  const other = (column: string) => unless(isEmpty, otherReader(column));
  return { known, other: mapping.otherColumns === "drop" ? undefined : other };
}

const unless =
  (isEmpty: (raw: unknown) => boolean, read: ReadColumn): ReadColumn =>
  (raw, row) => {
    if (!isEmpty(raw)) read(raw, row);
  };

/** What most values look like is read without further ado; what that does not take, `carefully` does. */
function readerOf(column: string, rule: ColumnRule, fromCsv: boolean, times: TimeReader): ReadColumn {
  const store = storeOf(rule.to);
  const carefully: ReadColumn = (raw, row) => {
    const parsed = converted(readValue(raw, rule, fromCsv, times), rule);
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
  if (rule.type === "number" && fromCsv && rule.unit === undefined) {
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
  const slot = SLOT[to as FieldTarget];
  return (row, value) => {
    row.values[slot] = value;
  };
}

/** Numbers that name something become text, and those in other units seconds and metres. */
function converted(parsed: Parsed<unknown>, { to, unit }: ColumnRule): Parsed<unknown> {
  if (!parsed.ok || typeof parsed.value !== "number") return parsed;
  if ((TEXT_TARGETS as readonly string[]).includes(to)) return ok(String(parsed.value));
  if (unit === undefined) return parsed;
  const value = parsed.value * ((UNITS as Record<string, Record<string, number>>)[to]?.[unit] ?? Number.NaN);
  return Number.isFinite(value) ? ok(value) : bad("out_of_range", "the number is too large");
}

/** Keeps a value under the sender's own name for it, of which no more is known. */
function otherReader(column: string): ReadColumn {
  // The name is checked with the value: what cannot be stored of either is the row's fault.
  const nameFault = jsonFault(column);
  const field = column.toWellFormed().replaceAll("\0", "");
  return (raw, row) => {
    const plain = nameFault === undefined && typeof raw === "string" && isPlainText(raw);
    const fault = plain ? undefined : jsonFault({ [column]: raw });
    if (fault) row.problems.push({ field, code: "invalid_text", detail: fault });
    else setAttribute(row, column, raw);
  };
}

/** Sets a member whatever its name is: plainly assigned, `__proto__` would be something else. */
export function setAttribute(row: RowState, name: string, value: unknown): void {
  row.attributes ??= {};
  if (name !== "__proto__") row.attributes[name] = value;
  else Object.defineProperty(row.attributes, name, { value, enumerable: true, configurable: true, writable: true });
}
