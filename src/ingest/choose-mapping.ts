import { AppError } from "../errors.ts";
import { knownFields, lacks, type Mapping, recognise } from "../mapping.ts";
import { shown } from "../point.ts";
import { BUILT_IN } from "./mappings/built-in.ts";
import { native } from "./mappings/native.ts";
import type { Form } from "./sent-row.ts";

/**
 * The mapping that rows are read by: the named one, or else the built-in one that their fields fit best, or else the
 * custom one that fits best of those that can make trips of them. JSON that fits none is read as native, since it may
 * have its fields in later rows.
 *
 * @param sent the header of a CSV, or the fields of the first rows of JSON
 * @param custom the mappings that somebody defined; a built-in one of the same name goes before them
 * @throws AppError invalid_parameter for a name that there is not; invalid_csv for a header that cannot make trips
 */
export function chooseMapping(
  name: string | undefined,
  sent: { form: Form; fields: readonly string[] },
  custom: readonly Mapping[],
): Mapping {
  const all = [...BUILT_IN, ...custom];
  const mapping = name === undefined ? recognised(sent.fields, custom) : named(name, all);
  if (mapping && (sent.form !== "csv" || lacks(mapping, sent.fields).length === 0)) return mapping;
  if (sent.form !== "csv") return recognise(BUILT_IN, sent.fields) ?? native;
  throw doesNotFit(mapping ?? recognise(all, sent.fields) ?? native, sent.fields);
}

function named(name: string, all: readonly Mapping[]): Mapping {
  const mapping = all.find((one) => one.name === name);
  if (mapping) return mapping;
  const detail = `expected one of ${all.map((one) => one.name).join(", ")}, but got ${shown(name)}`;
  throw new AppError("invalid_parameter", `mapping: ${detail}`, { errors: [{ field: "mapping", detail }] });
}

function recognised(fields: readonly string[], custom: readonly Mapping[]): Mapping | undefined {
  const fits = (mapping: Mapping) => knownFields(mapping, fields) > 0 && lacks(mapping, fields).length === 0;
  const builtIn = recognise(BUILT_IN, fields);
  return builtIn && fits(builtIn) ? builtIn : recognise(custom.filter(fits), fields);
}

function doesNotFit(mapping: Mapping, fields: readonly string[]): AppError {
  const missing = lacks(mapping, fields);
  return new AppError(
    "invalid_csv",
    `The CSV's header does not fit the mapping ${mapping.name}: it has no column ${missing.join("; no column ")}.`,
    { mapping: mapping.name, missing_columns: missing, columns: fields },
  );
}
