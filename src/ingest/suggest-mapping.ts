import type { FieldTarget } from "../mapping.ts";
import type { MappingDefinition } from "../mapping-definition.ts";
import { type Choose, chooseByName, choosePlaces, chooseTimes } from "./suggest-columns.ts";
import { guessTimeFormats } from "./suggest-times.ts";
import { guessUnit } from "./suggest-units.ts";
import { type Profile, profileOf } from "./suggest-values.ts";

export interface Suggestion {
  mapping: MappingDefinition;
  /** What was not certain, what is missing, and what becomes of the other columns. */
  notes: string[];
}

type Rule = Exclude<MappingDefinition["columns"][string], string>;

/**
 * Proposes a mapping for a file by the names and values of its columns. It is a proposal: somebody who knows the file
 * should read its notes.
 *
 * @param header the columns' names, or the fields of the first rows of JSON
 * @param rows the values of the first rows in that order
 * @param source who reports the trips, if no column says it
 */
export function suggestMapping(
  header: readonly string[],
  rows: readonly (readonly unknown[])[],
  source = "CHANGE-ME",
): Suggestion {
  const valuesAt = (i: number) => rows.map((row) => row[i]);
  const columns = header.map((name, i) => profileOf(name, valuesAt(i)));
  const chosen = new Map<FieldTarget, Profile>();
  const rules = new Map<string, Rule>();
  const notes: string[] = [];
  const choose: Choose = (to, column, more = {}) => {
    if (!column || chosen.has(to) || rules.has(column.name)) return;
    chosen.set(to, column);
    rules.set(column.name, { to, ...more });
  };
  choosePlaces(columns, choose, notes);
  chooseTimes(columns, choose, notes);
  chooseByName(columns, choose);
  const times = (["started_at", "ended_at", "booked_at"] as const).flatMap((to) => chosen.get(to)?.values ?? []);
  const guess = guessTimeFormats(times);
  const formats = guess.formats.length > 0 ? guess.formats : ["iso"];
  notes.push(...guess.notes);
  for (const to of ["duration_s", "distance_m"] as const) {
    const name = chosen.get(to)?.name;
    const rule = rules.get(name ?? "");
    if (name === undefined || !rule) continue;
    const cells = rows.map((row) => (target: FieldTarget) => row[header.indexOf(chosen.get(target)?.name ?? "")]);
    const { unit, note } = guessUnit(to, name, cells, formats);
    if (unit !== "s" && unit !== "m") rule.unit = unit;
    if (note !== undefined) notes.push(note);
  }
  const nothing = [...new Set(columns.flatMap((column) => column.nothing))];
  // In the order of the file, so that the two can be read side by side.
  const inOrder = header.flatMap((name) => {
    const rule = rules.get(name);
    return rule ? [[name, Object.keys(rule).length > 1 ? rule : rule.to] as const] : [];
  });
  const mapping: MappingDefinition = {
    columns: Object.fromEntries(inOrder),
    ...(chosen.has("source") ? {} : { constants: { source } }),
    time_formats: formats,
    ...(nothing.length > 0 ? { empty: nothing } : {}),
    other_columns: "attributes",
  };
  if (!chosen.has("source"))
    notes.push(`source: no column says who reports the trips; it is ${source} for all of them`);
  notes.push(...missing(chosen));
  const others = header.filter((name) => !rules.has(name));
  if (others.length > 0) notes.push(`attributes: these columns are kept as they are: ${others.join(", ")}`);
  return { mapping, notes };
}

function missing(chosen: ReadonlyMap<FieldTarget, Profile>): string[] {
  const notes: string[] = [];
  if (!chosen.has("started_at")) notes.push("started_at is missing: no column was recognised for when a trip begins");
  if (!chosen.has("origin") && !chosen.has("origin_lon")) {
    notes.push("origin is missing: no column or pair of columns was recognised for where a trip begins");
  }
  if (!chosen.has("destination") && !chosen.has("destination_lon")) {
    notes.push("destination: no column was recognised for where a trip ends; trips may lack it");
  }
  if (!chosen.has("trip_id")) {
    notes.push("trip_id: no column was recognised; rows that are the same in every column are one trip then");
  }
  return notes;
}
