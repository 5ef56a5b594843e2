import { AppError } from "../errors.ts";
import { looksExchanged } from "../geo/exchanged-point.ts";
import { placeZone } from "../geo/place-zone.ts";
import { breathe } from "../kit/event-loop.ts";
import type { LookupsFor } from "../lookups/lookup.ts";
import { BUILT_IN } from "../mappings/built-in.ts";
import { closest, fitting, otherwiseSpelled } from "../mappings/choose-mapping.ts";
import type { Mapping } from "../mappings/mapping.ts";
import { definitionOf, mappingFrom } from "../mappings/mapping-definition.ts";
import { hasColumn } from "../mappings/reach.ts";
import { classifyRows } from "../parsing/classify-rows.ts";
import { ROW_LIMITS } from "../parsing/row-limits.ts";
import { streamRows } from "../parsing/stream-rows.ts";
import { createCharsetLook, UTF8 } from "../text/charset.ts";
import type { Reading } from "../text/text-format.ts";
import { dateAlone } from "../time/date-alone.ts";
import { timeReader, yearsFrom } from "../time/time.ts";
import { headOf, isKeyed, noRows } from "./head-of-rows.ts";
import { openRows } from "./open-rows.ts";
import { type Suggestion, suggestMapping } from "./suggest-mapping.ts";
import { decidedBy } from "./suggest-times.ts";
import type { SuggestedMapping, SuggestOptions, Trial } from "./suggestion.ts";

const ROWS_A_BLOCK = 1000;
const REJECTS_SHOWN = 5;
/** The number of trip ids that are held to count equal rows. */
const MAX_IDS = 500_000;

/**
 * Proposes a mapping for a text, and tries it on all rows of the text. Where the first rows leave the order of day and
 * month open, it reads on until a row decides.
 *
 * @param open opens the text from its start; it is read up to five times
 * @param lookupsFor the lookups that exist; a mapping whose lookup does not is not tried
 * @throws AppError invalid_csv, invalid_json, invalid_body if the text holds no rows
 */
export async function suggestText(
  open: () => AsyncIterable<Buffer>,
  options: SuggestOptions,
  lookupsFor: LookupsFor,
): Promise<SuggestedMapping> {
  const look = createCharsetLook(options.charset);
  for await (const chunk of open()) look.add(chunk);
  const charset = look.end();
  const reading: Reading = charset === UTF8 ? {} : { charset };
  const { stream, hasHeader } = await openRows(open, options.contentType, reading);
  const how = { ...reading, hasHeader, rows: stream.format.rows };
  const { header, rows, fault } = await headOf(stream);
  if (rows.length === 0) throw noRows(fault);
  const format = Object.keys(stream.format).length > 0 ? { format: stream.format } : {};
  const asIs = hasHeader ? closest(fitting(BUILT_IN, stream.fields), stream.fields) : [];
  const isRespelled = hasHeader && asIs.length === 0;
  const builtIn = isRespelled ? closest(otherwiseSpelled(stream.fields), stream.fields) : asIs;
  const [known] = builtIn;
  const tried = (one: SuggestedMapping) => withTrial(one, open, options.contentType, how, lookupsFor);
  let fits: SuggestedMapping | undefined;
  if (known && builtIn.length === 1 && knowsTimes(known, header, rows)) {
    fits = await tried({ ...ofBuiltIn(known, stream.fields, options, isRespelled), ...format });
    if (!fits.trial || fits.trial.trips >= fits.trial.rows / 2) return fits;
  }
  const {
    mapping,
    notes,
    open: undecided,
  } = await suggestMapping(header, rows, {
    source: options.source ?? options.otherwise,
    isJson: stream.form !== "csv",
    hasCommas: stream.format.decimal === ",",
    rows: stream.format.rows || undefined,
    hasHeader,
    lookup: options.lookup,
  });
  if (stream.form === "json" && isKeyed(header, rows)) {
    notes.push("rows: the JSON is one object with a member for each trip; send a list of its members instead");
  }
  const made = { mapping, notes, ...format };
  await decideTimes(made, undecided, open, options.contentType, how);
  const suggested = await tried(made);
  // The columns may be those of a built-in mapping that does not read their values, such as numbers as text.
  return fits && (suggested.trial?.trips ?? 0) <= (fits.trial?.trips ?? 0) ? fits : suggested;
}

/** Whether a built-in mapping reads most times of the first rows. Native columns may hold foreign times. */
function knowsTimes(mapping: Mapping, header: readonly string[], rows: readonly unknown[][]): boolean {
  const reader = timeReader(mapping.timeFormats, mapping.timeZone);
  const at = (name: string) => header.indexOf(name);
  const times = Object.entries(mapping.columns).flatMap(([column, { to, with: more = [] }]) =>
    to !== "started_at" || at(column) < 0
      ? []
      : rows.flatMap((row) => {
          const value = row[at(column)];
          const rest = more.map((name) => row[at(name)]);
          return value === undefined || value === null || value === "" ? [] : [timeOf(value, rest)];
        }),
  );
  return times.filter((time) => reader.read(time)).length >= times.length / 2;
}

function ofBuiltIn(
  mapping: Mapping,
  fields: readonly string[],
  options: SuggestOptions,
  isRespelled: boolean,
): SuggestedMapping {
  const { columns, constants, ...more } = definitionOf(mapping);
  const present = Object.entries(columns).filter(([column]) => hasColumn(fields, column));
  const source = options.source ?? (mapping.asksSource ? (options.otherwise ?? "CHANGE-ME") : undefined);
  const named = source === undefined ? constants : { ...constants, source };
  const how = mapping.asksSource ? ", with source=NAME" : " as it is";
  const proposed = { columns: Object.fromEntries(present), ...(named ? { constants: named } : {}), ...more };
  if (isRespelled) {
    const note = `The columns are those of the built-in mapping ${mapping.name} in another spelling.`;
    return { mapping: proposed, notes: [note] };
  }
  return {
    mapping: proposed,
    notes: [`The built-in mapping ${mapping.name} reads this file${how}.`],
    built_in: mapping.name,
  };
}

/** Reads on until a value decides the order of day and month. */
async function decideTimes(
  suggested: SuggestedMapping,
  { pairs, columns }: Suggestion["open"],
  open: () => AsyncIterable<Buffer>,
  contentType: string | undefined,
  reading: Reading,
): Promise<void> {
  if (pairs.length === 0) return;
  const undecided = new Set(pairs);
  const { blocks } = await streamRows(open(), contentType, ROWS_A_BLOCK, undefined, undefined, ROW_LIMITS, reading);
  for await (const { rows } of blocks) {
    for (const one of rows) {
      await breathe();
      if (!("record" in one)) continue;
      for (const column of columns) {
        for (const pair of undecided) {
          const rule = suggested.mapping.columns[column];
          const more = typeof rule === "object" ? (rule.with ?? []).map((name) => one.record[name]) : [];
          const taken = decidedBy(pair, timeOf(one.record[column], more));
          if (taken === undefined) continue;
          undecided.delete(pair);
          decide(suggested, pair, taken, one.row, String(one.record[column]));
        }
      }
    }
    if (undecided.size === 0) break;
  }
  await blocks.return(undefined);
}

const timeOf = (value: unknown, more: unknown[]) =>
  more.length === 0 ? String(value) : [dateAlone(String(value)), ...more].join(" ");

function decide(suggested: SuggestedMapping, pair: [string, string], taken: string, row: number, value: string): void {
  const formats = suggested.mapping.time_formats?.map((format) => (pair.includes(format) ? taken : format));
  suggested.mapping = { ...suggested.mapping, time_formats: [...new Set(formats)] };
  suggested.notes = suggested.notes.filter((note) => !note.includes(`is ${pair[0]} or ${pair[1]}`));
  suggested.notes.push(
    `time_formats: the first rows fit ${pair[0]} and ${pair[1]}; row ${row}, ${JSON.stringify(value)}, decides for ${taken}`,
  );
}

async function withTrial(
  suggested: SuggestedMapping,
  open: () => AsyncIterable<Buffer>,
  contentType: string | undefined,
  reading: Reading,
  lookupsFor: LookupsFor,
): Promise<SuggestedMapping> {
  try {
    const mapping = mappingFrom("suggested", suggested.mapping);
    const lookups = await lookupsFor(mapping);
    const { exchanged, ...trial } = await tryMapping(mapping, open, contentType, reading, lookups);
    if (exchanged > 0) {
      suggested.notes.push(
        `origin: ${exchanged} rows look like latitude and longitude exchanged; if they are, exchange the targets of the two columns`,
      );
    }
    if (trial.equal > 0) {
      suggested.notes.push(
        `identity: ${trial.equal} rows equal an earlier one in every field; if they are different trips, add "identity": "row"`,
      );
    }
    return { ...suggested, trial };
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return { ...suggested, notes: [...suggested.notes, `The mapping is not complete: ${error.message}`] };
  }
}

async function tryMapping(
  mapping: Mapping,
  open: () => AsyncIterable<Buffer>,
  contentType: string | undefined,
  reading: Reading,
  lookups: Awaited<ReturnType<LookupsFor>>,
): Promise<Trial & { exchanged: number }> {
  const stream = await streamRows(open(), contentType, ROWS_A_BLOCK, undefined, undefined, ROW_LIMITS, reading);
  const trial: Trial = { rows: 0, trips: 0, rejected: 0, equal: 0, rejects: [] };
  let exchanged = 0;
  const ids = new Set<string>();
  for await (const { rows } of stream.blocks) {
    const { trips, rejected } = await classifyRows(rows, {
      ...{ batchId: "", mapping, identity: "content" },
      header: stream.header,
      startRange: { min: "2000-01-01", max: yearsFrom(new Date(), 1) },
      about: { lookups, numbers: { decimal: stream.format.decimal } },
    });
    trial.rows += rows.length;
    trial.trips += trips.length;
    trial.rejected += rejected.length;
    for (const { trip } of trips) {
      if (looksExchanged(trip.origin, placeZone(trip.origin), trip.destination)) exchanged++;
      const id = `${trip.tripId} ${trip.startedAt.text} ${trip.source}`;
      if (ids.has(id)) trial.equal++;
      else if (ids.size < MAX_IDS) ids.add(id);
    }
    for (const { row, problems } of rejected.slice(0, REJECTS_SHOWN - trial.rejects.length)) {
      trial.rejects.push({ row, field: problems[0].field, detail: problems[0].detail });
    }
  }
  return { ...trial, exchanged };
}
