import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { parseArgs } from "node:util";
import { openTables } from "../containers/open-tables.ts";
import { AppError, StartError } from "../errors.ts";
import type { LookupsFor, Places } from "../lookups/lookup.ts";
import { lookupNames } from "../lookups/lookup.ts";
import { readLookup } from "../lookups/read-lookup.ts";
import type { MappingDefinition } from "../mappings/mapping-definition.ts";
import { suggestText } from "../suggestions/suggest-text.ts";
import type { SuggestedMapping } from "../suggestions/suggestion.ts";
import { count } from "./progress.ts";

const USAGE =
  "usage: tripgrid mapping suggest FILE [--source NAME] [--sheet NAME] [--lookup NAME=FILE] [--save NAME] [--url URL]";

/**
 * `tripgrid mapping suggest FILE`: reads a file of any known kind, and writes a probable mapping as JSON, ready for
 * `PUT /v1/mappings/NAME`. The mapping is tried on all rows of the file. With `--save NAME` the service stores it.
 *
 * @param note receives the points to check by a person with knowledge of the file; by default it writes to the standard
 *   error, so that the JSON can be piped
 * @throws StartError with one sentence if the file cannot be read or holds no rows
 */
export async function mappingSuggest(
  args: string[],
  write: (text: string) => void,
  note: (text: string) => void = (text) => process.stderr.write(text),
): Promise<void> {
  const { file, source, sheet, lookup, save, url } = argumentsOf(args);
  const suggested = await suggestForFile(file, { source, sheet, lookup });
  write(printed(suggested.mapping));
  for (const line of [...suggested.notes, ...trialLines(suggested)]) note(`${line}\n`);
  if (save === undefined) return;
  // Only this needs a service, whose modules take a while to load.
  const { saveMapping } = await import("./save-mapping.ts");
  await saveMapping(save, suggested.mapping, url);
  note(`The mapping ${save} is stored: tripgrid import --mapping ${save} ${file}\n`);
}

export interface FileOptions {
  source?: string | undefined;
  sheet?: string | undefined;
  /** A lookup as `NAME=FILE`, or the name of one that the service has. */
  lookup?: string | undefined;
}

/** Proposes a mapping for a file, and tries it on all of its rows. */
export async function suggestForFile(file: string, options: FileOptions): Promise<SuggestedMapping> {
  const [lookup, lookupFile] = options.lookup?.split(/=(.*)/s) ?? [];
  try {
    const places = lookupFile === undefined ? undefined : await placesOf(await readFile(lookupFile));
    const { tables, close } = await openTables(file, options.sheet);
    try {
      const [first] = tables;
      if (!first) throw new StartError(`${file} holds no rows.`);
      const suggested = await suggestText(
        first.open,
        { contentType: first.contentType, source: options.source, otherwise: sourceOf(file), lookup },
        known(lookup, places),
      );
      if (tables.length > 1) suggested.notes.push(`${file} holds ${tables.length} files; this is for ${first.name}`);
      return suggested;
    } finally {
      await close();
    }
  } catch (error) {
    if (error instanceof StartError) throw error;
    if (!(error instanceof AppError)) {
      throw new StartError(`${file} cannot be read: ${(error as Error).message}.`, { cause: error });
    }
    const detail = error.code === "invalid_encoding" ? `it cannot be read: ${error.message}` : error.message;
    throw new StartError(`${file}: ${detail.replace("The body", "The file")}`, { cause: error });
  }
}

/** For a dry run any point of an area will do, so it is its first vertex. */
async function placesOf(bytes: Buffer): Promise<Places> {
  const places = await readLookup(bytes, undefined);
  return new Map(
    places.map(({ id, geometry: { coordinates, crs } }) => {
      const detail =
        "its coordinates are no degrees; send it with PUT /v1/lookups/NAME and ask POST /v1/mappings/suggest";
      if (crs) throw new AppError("invalid_body", `The lookup cannot be tried here: ${detail}.`);
      return [id, firstPoint(coordinates)] as const;
    }),
  );
}

const firstPoint = (coordinates: unknown): [number, number] => {
  const [first] = coordinates as unknown[];
  return Array.isArray(first) ? firstPoint(first) : (coordinates as [number, number]);
};

/** The lookup of the command line. Others are known to the service alone. */
const known =
  (name: string | undefined, places: Places | undefined): LookupsFor =>
  async (mapping) => {
    const other = lookupNames(mapping).find((one) => one !== name || places === undefined);
    if (other === undefined) return new Map(name !== undefined && places ? [[name, places]] : []);
    throw new AppError(
      "missing_lookup",
      `its places are in the lookup ${other}; try it here with --lookup ${other}=FILE.`,
    );
  };

function argumentsOf(
  args: string[],
): FileOptions & { file: string; save: string | undefined; url: string | undefined } {
  try {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: {
        ...{ source: { type: "string" }, sheet: { type: "string" }, lookup: { type: "string" } },
        ...{ save: { type: "string" }, url: { type: "string" } },
      },
    });
    const [file, ...more] = positionals;
    if (file === undefined || more.length > 0) throw new RangeError("expected one file");
    const { source, sheet, lookup, save, url } = values;
    return { file, source, sheet, lookup, save, url };
  } catch (error) {
    throw new StartError(`${(error as Error).message}; ${USAGE}`);
  }
}

/** Says what the dry run found. */
export function trialLines({ trial }: SuggestedMapping): string[] {
  if (!trial) return [];
  const { rows, trips, rejected, rejects } = trial;
  return [
    `dry run: ${count(rows)} rows: ${count(trips)} trips, ${count(rejected)} rejected`,
    ...rejects.map(({ row, field, detail }) => `  row ${row}: ${field}: ${detail}`),
  ];
}

/** Prints a line for each column, so that a person can read and correct it. */
function printed({ columns, ...more }: MappingDefinition): string {
  const lines = (object: object, indent: string) =>
    Object.entries(object).map(([name, value]) => `${indent}${JSON.stringify(name)}: ${oneLine(value)}`);
  return `{\n  "columns": {\n${lines(columns, "    ").join(",\n")}\n  },\n${lines(more, "  ").join(",\n")}\n}\n`;
}

const oneLine = (value: unknown) => JSON.stringify(value, undefined, 1).replace(/\n */g, " ");

/** `2018-Q3 Metro_trips.csv.gz` → `2018-q3-metro-trips`. */
const sourceOf = (file: string): string =>
  basename(file)
    .replace(/\.(gz|csv|tsv|ndjson|jsonl|geojsonl?|json|txt|zip|xlsx|parquet)\b/gi, "")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-|-$/g, "") || "CHANGE-ME";
