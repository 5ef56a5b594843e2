import { breathe } from "../kit/event-loop.ts";
import { shown } from "../kit/shown.ts";
import type { FieldTarget } from "../mappings/mapping.ts";
import type { MappingDefinition } from "../mappings/mapping-definition.ts";
import { dateAlone } from "../time/date-alone.ts";
import { type Choose, chooseByName, choosePlaces, choosePlacesElsewhere, chooseTimes } from "./suggest-columns.ts";
import { datesAlone, datesAndTimes } from "./suggest-joined.ts";
import { isTimeName, saysUtc } from "./suggest-names.ts";
import { chooseByPosition } from "./suggest-positions.ts";
import { guessTimeFormats } from "./suggest-times.ts";
import { guessUnit } from "./suggest-units.ts";
import { hasThousands, type Profile, profileOf, sampleOf } from "./suggest-values.ts";

export interface Suggestion {
  mapping: MappingDefinition;
  /** Uncertain guesses, missing targets, and the handling of the other columns. */
  notes: string[];
  /** Time formats that the given rows leave open, with the columns whose later values may decide. */
  open: { pairs: [string, string][]; columns: string[] };
}

/** What is known of a file beside its first rows. */
export interface FileAbout {
  /** The source of the trips, if no column gives it. */
  source?: string | undefined;
  /** Whether the rows are JSON. */
  isJson?: boolean;
  /** Whether numbers have decimal commas. */
  hasCommas?: boolean;
  /** The path of the array of rows in JSON. */
  rows?: string | undefined;
  /** False: the columns are named by their positions. */
  hasHeader?: boolean;
  /** The lookup that has the places of stations or zones. */
  lookup?: string | undefined;
}

type Rule = Exclude<MappingDefinition["columns"][string], string>;

/**
 * Proposes a mapping for a file from the names and values of its columns. A person with knowledge of the file should
 * read the notes. A wide file takes seconds, in which other requests get their turns.
 *
 * @param header the columns' names, or the fields of the first rows of JSON
 * @param rows the values of the first rows in that order
 */
export async function suggestMapping(
  header: readonly string[],
  rows: readonly (readonly unknown[])[],
  about: FileAbout = {},
): Promise<Suggestion> {
  const { source = "CHANGE-ME", hasCommas = false } = about;
  const valuesAt = (i: number) => rows.map((row) => row[i]);
  const sample = sampleOf(rows);
  const joined = about.hasHeader === false ? [] : await datesAndTimes(header, (i) => sample.map((row) => row[i]));
  const columns: Profile[] = [];
  for (const [i, name] of header.entries()) {
    await breathe();
    const pair = joined.find(({ date }) => date === i);
    if (!pair) {
      columns.push(profileOf(name, valuesAt(i), hasCommas));
      continue;
    }
    const both = rows.map((row) =>
      row[i] && row[pair.clock] ? `${dateAlone(String(row[i]))} ${row[pair.clock]}` : undefined,
    );
    columns.push({ ...profileOf(name, both), isTime: true, with: header[pair.clock] });
  }
  const partners = new Set(joined.map(({ clock }) => columns[clock]));
  const free = columns.filter((column) => !partners.has(column));
  const chosen = new Map<FieldTarget | "path", Profile>();
  const rules = new Map<string, Rule>();
  const notes: string[] = [];
  const choose: Choose = (to, column, more = {}) => {
    if (!column || chosen.has(to) || rules.has(column.name)) return;
    chosen.set(to, column);
    rules.set(column.name, { to, ...more });
  };
  if (about.hasHeader === false) chooseByPosition(free, choose, notes);
  else {
    choosePlaces(free, choose, notes);
    chooseTimes(free, choose, notes);
    const lookup = about.lookup ?? `${source}-stations`;
    if (!chosen.has("origin") && !chosen.has("origin_lon")) choosePlacesElsewhere(free, lookup, choose, notes);
    chooseByName(free, choose);
  }
  const times = (["started_at", "ended_at", "booked_at"] as const).flatMap((to) => chosen.get(to)?.values ?? []);
  const guess = await guessTimeFormats(times);
  const formats = guess.formats.length > 0 ? guess.formats : ["iso"];
  const timeColumns = (["started_at", "ended_at", "booked_at"] as const).flatMap((to) => chosen.get(to)?.name ?? []);
  const isUtc =
    timeColumns.some(saysUtc) && times.every((time) => !/(z|utc|gmt|[+-]\d{2}:?\d{2})\s*$/i.test(String(time)));
  if (isUtc) notes.push(`time_zone: UTC, which ${timeColumns.filter(saysUtc).join(" and ")} says`);
  notes.push(...guess.notes);
  for (const { date, clock, isHour } of joined) {
    if (isHour && timeColumns.includes(header[date] ?? ""))
      notes.push(`${header[date]}: ${header[clock]} says the hour alone; trips count from its first minute`);
  }
  for (const to of ["duration_s", "distance_m"] as const) {
    const name = chosen.get(to)?.name;
    const rule = rules.get(name ?? "");
    if (name === undefined || !rule) continue;
    const cells = rows.map((row) => (target: FieldTarget) => {
      const column = chosen.get(target);
      const value = row[header.indexOf(column?.name ?? "")];
      return column?.with === undefined ? value : `${value} ${row[header.indexOf(column.with)]}`;
    });
    const { unit, note } = guessUnit(to, name, cells, formats);
    if (unit === undefined) {
      rules.delete(name);
      chosen.delete(to);
    } else if (unit !== "s" && unit !== "m") rule.unit = unit;
    if (note !== undefined) notes.push(note);
  }
  const numbers = (["duration_s", "distance_m"] as const).flatMap((to) => chosen.get(to)?.values ?? []);
  const isGrouped = !hasCommas && hasThousands(numbers);
  const nothing = [...new Set(columns.flatMap((column) => column.nothing))];
  // Keeps the order of the file, so that file and mapping can be compared side by side.
  const inOrder = header.flatMap((name) => {
    const rule = rules.get(name);
    return rule ? [[name, Object.keys(rule).length > 1 ? rule : rule.to] as const] : [];
  });
  const mapping: MappingDefinition = {
    columns: Object.fromEntries(inOrder),
    ...(chosen.has("source") ? {} : { constants: { source } }),
    ...(about.rows === undefined ? {} : { rows: `${about.rows}[*]` }),
    ...(about.hasHeader === false ? { header: false as const } : {}),
    ...(hasCommas ? { decimal: "," as const } : {}),
    ...(isGrouped ? { thousands: "," as const } : {}),
    ...(about.isJson && hasNumbersAsText(chosen) ? { text_values: true } : {}),
    time_formats: formats,
    ...(isUtc ? { time_zone: "UTC" } : {}),
    ...(nothing.length > 0 ? { empty: nothing } : {}),
    other_columns: "attributes",
  };
  if (!chosen.has("source"))
    notes.push(`source: no column says who reports the trips; it is ${source} for all of them`);
  const [only = "", second] = header;
  if (!about.isJson && second === undefined && /\S[\s:^~]+\S/.test(only)) {
    notes.push("delimiter: the header has one column; cells are separated by commas, semicolons, tabs or |");
  }
  const dates = datesAlone(header, valuesAt);
  for (const name of dates) {
    if (!rules.has(name))
      notes.push(`${name}: it holds dates without a time of day, and no column with one belongs to it`);
  }
  notes.push(...strangeTimes(free.filter(({ name }) => !rules.has(name) && !dates.includes(name))));
  notes.push(...missing(chosen));
  const taken = new Set([...rules.values()].flatMap((rule) => rule.with ?? []));
  const others = header.filter((name) => !rules.has(name) && !taken.has(name));
  if (others.length > 0) notes.push(`attributes: these columns are kept as they are: ${others.join(", ")}`);
  return { mapping, notes, open: { pairs: guess.open, columns: timeColumns } };
}

/** No time is longer. In a text of a million digits the expressions below would search for minutes. */
const MAX_TIME = 100;

/** Notes on columns that are named or look like times, and whose values fit no known form. */
const strangeTimes = (columns: readonly Profile[]): string[] =>
  columns.flatMap(({ name, values: [sample], isTime }) => {
    if (isTime || typeof sample !== "string" || sample.length > MAX_TIME || !/\d.*[\p{L}:]/u.test(sample)) return [];
    if (!isTimeName(name) && !/^\d{1,4}([-/.])\d{1,2}\1\d{1,4}\D+\d{1,2}\D/.test(sample)) return [];
    const remedy = "write its pattern into time_formats, and its target into columns";
    return [`${name}: no known form of time fits ${shown(sample)}; ${remedy}`];
  });

/** Whether numbers come as text, as some web services write them into JSON. */
const hasNumbersAsText = (chosen: ReadonlyMap<string, Profile>): boolean =>
  [...chosen].some(
    ([to, { values }]) =>
      /_(lon|lat|s|m|at)$/.test(to) &&
      values.some((value) => typeof value === "string" && !Number.isNaN(Number(value))),
  );

function missing(chosen: ReadonlyMap<FieldTarget | "path", Profile>): string[] {
  const notes: string[] = [];
  if (!chosen.has("started_at")) notes.push("started_at is missing: no column was recognised for when a trip begins");
  if (chosen.has("path")) return chosen.has("trip_id") ? notes : [...notes, NO_ID];
  if (!chosen.has("origin") && !chosen.has("origin_lon")) {
    notes.push("origin is missing: no column or pair of columns was recognised for where a trip begins");
  }
  if (!chosen.has("destination") && !chosen.has("destination_lon")) {
    notes.push("destination: no column was recognised for where a trip ends; trips may lack it");
  }
  if (!chosen.has("trip_id")) notes.push(NO_ID);
  return notes;
}

const NO_ID =
  "trip_id: no column was recognised; rows that are the same in every column are one trip then, unless identity is row";
