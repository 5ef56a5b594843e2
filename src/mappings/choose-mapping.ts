import { AppError } from "../errors.ts";
import { BoundedMap } from "../kit/bounded-map.ts";
import { shown, shownName } from "../kit/shown.ts";
import { BUILT_IN } from "./built-in.ts";
import type { Form } from "./mapping.ts";
import { knownFields, lacks, type Mapping, recognise } from "./mapping.ts";
import { native } from "./native.ts";
import { hasColumn, reads } from "./reach.ts";
import { respelled } from "./respelled.ts";

/** The form of some rows, with the header of a CSV or the fields of the first rows of JSON. */
export interface Sent {
  form: Form;
  fields: readonly string[];
}

/**
 * Chooses the mapping of some rows: the named one; else the built-in one that fits the fields; else the custom one that
 * fits. A mapping that reads more of the fields than another goes before it. If two fit alike, none is guessed. JSON
 * that fits none is read by the closest built-in mapping, by default native, since later rows may have the missing
 * fields.
 *
 * @param custom the custom mappings; a built-in mapping of the same name takes precedence
 * @param source given if the request names the source of the rows
 * @throws AppError invalid_parameter for an unknown name; invalid_csv for a header that does not fit the named mapping;
 * no_mapping, ambiguous_mapping
 */
export function chooseMapping(
  name: string | undefined,
  sent: Sent,
  custom: readonly Mapping[],
  source?: string,
): Mapping {
  if (name !== undefined) {
    const mapping = named(name, [...BUILT_IN, ...custom]);
    if (sent.form !== "csv" || lacks(mapping, sent.fields).length === 0) return mapping;
    throw doesNotFit(mapping, sent.fields);
  }
  const found = recognised(sent.fields, custom, source);
  if (found) return found;
  const [other] = closest(otherwiseSpelled(sent.fields), sent.fields);
  if (sent.form === "csv" && other) throw spelledOtherwise(other);
  if (sent.form === "csv") throw fitsNone(recognise(BUILT_IN, sent.fields) ?? native, sent.fields);
  const nearest = recognise(
    BUILT_IN.filter((mapping) => isKnown(mapping, sent.fields)),
    sent.fields,
  );
  return !nearest || (nearest.asksSource && source === undefined) ? native : nearest;
}

function named(name: string, all: readonly Mapping[]): Mapping {
  const mapping = all.find((one) => one.name === name);
  if (mapping) return mapping;
  const detail = `expected one of ${all.map((one) => one.name).join(", ")}, but got ${shown(name)}`;
  throw new AppError("invalid_parameter", `mapping: ${detail}`, { errors: [{ field: "mapping", detail }] });
}

/** The mappings that can make trips of rows with these fields. */
export const fitting = (mappings: readonly Mapping[], fields: readonly string[]): Mapping[] =>
  mappings.filter(
    (mapping) => knownFields(mapping, fields) > 0 && lacks(mapping, fields).length === 0 && isKnown(mapping, fields),
  );

/** Fields that were sent lately, with the built-in mappings that fit them. */
const lately = new BoundedMap<string, Mapping[]>(100);
const LONGEST_LATELY = 2000;

/**
 * The built-in mappings that can make trips of rows with these fields. A fleet sends the same fields again and again, and
 * comparing them with all mappings took 0.1 ms a request.
 */
export function fittingBuiltIn(fields: readonly string[]): readonly Mapping[] {
  const key = JSON.stringify(fields);
  const known = lately.get(key);
  if (known) return known;
  const found = fitting(BUILT_IN, fields);
  if (key.length <= LONGEST_LATELY) lately.set(key, found);
  return found;
}

/** Whether fields have all columns by which a mapping is told from those of others. */
const isKnown = ({ knownBy = [] }: Mapping, fields: readonly string[]): boolean =>
  knownBy.every((column) => hasColumn(fields, column));

function recognised(
  fields: readonly string[],
  custom: readonly Mapping[],
  source: string | undefined,
): Mapping | undefined {
  const builtIn = closest(fittingBuiltIn(fields), fields);
  // A format that names its sender belongs to this sender only. So does one whose sender the request names.
  const isSure = builtIn.length > 0 && (source !== undefined || builtIn.every(({ asksSource }) => !asksSource));
  const found = isSure ? builtIn : [...builtIn, ...closest(fitting(custom, fields), fields)];
  if (found.length > 1) throw ambiguous(found);
  return found[0];
}

/** Leaves out each mapping that reads only some of the fields that another one reads. */
export function closest(mappings: readonly Mapping[], fields: readonly string[]): Mapping[] {
  const isLess = (one: Mapping, other: Mapping) =>
    knownFields(one, fields) < knownFields(other, fields) &&
    fields.every((field) => !reads(one, field) || reads(other, field));
  return mappings.filter((one) => !mappings.some((other) => isLess(one, other)));
}

function ambiguous(mappings: readonly Mapping[]): AppError {
  const names = mappings.map((mapping) => mapping.name);
  const asking = mappings.find(({ asksSource }) => asksSource);
  const orSource = asking ? `, or the source with source=NAME, which takes ${asking.name}` : "";
  return new AppError(
    "ambiguous_mapping",
    `The rows fit several mappings alike: ${names.join(", ")}. Name the right one with mapping=NAME${orSource}.`,
    { mappings: names },
  );
}

/** The most columns that an error lists. A header may name a thousand. */
const COLUMNS_SHOWN = 100;

/** Columns as an error lists them. */
export const shownColumns = (fields: readonly string[]): string[] => fields.slice(0, COLUMNS_SHOWN).map(shownName);

function aboutFit(mapping: Mapping, fields: readonly string[]) {
  const unknown = (mapping.knownBy ?? []).filter((column) => !hasColumn(fields, column));
  const missing = [...lacks(mapping, fields), ...unknown];
  const detail = `it has no column ${missing.join("; no column ")}`;
  return { detail, extra: { mapping: mapping.name, missing_columns: missing, columns: shownColumns(fields) } };
}

function doesNotFit(mapping: Mapping, fields: readonly string[]): AppError {
  const { detail, extra } = aboutFit(mapping, fields);
  return new AppError("invalid_csv", `The CSV's header does not fit the mapping ${mapping.name}: ${detail}.`, extra);
}

/** The built-in mappings that fit fields whose names differ only in case, blanks or underscores. */
export const otherwiseSpelled = (fields: readonly string[]): Mapping[] => fitting(respelled(BUILT_IN, fields), fields);

const REMEDY = "tripgrid mapping suggest FILE, or POST /v1/mappings/suggest, proposes a mapping for it";

const spelledOtherwise = ({ name }: Mapping): AppError =>
  new AppError("no_mapping", `The CSV's header has the columns of ${name} in another spelling; ${REMEDY}.`, {
    mapping: name,
  });

function fitsNone(nearest: Mapping, fields: readonly string[]): AppError {
  const { detail, extra } = aboutFit(nearest, fields);
  return new AppError(
    "no_mapping",
    `The CSV's header fits no mapping. The nearest one is ${nearest.name}, but ${detail}; ${REMEDY}.`,
    extra,
  );
}
