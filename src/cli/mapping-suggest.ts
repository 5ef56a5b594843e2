import { createReadStream } from "node:fs";
import { basename } from "node:path";
import { pipeline } from "node:stream";
import { parseArgs } from "node:util";
import { createGunzip } from "node:zlib";
import { AppError, StartError } from "../errors.ts";
import { streamRows } from "../ingest/stream-rows.ts";
import { suggestMapping } from "../ingest/suggest-mapping.ts";
import type { MappingDefinition } from "../mapping-definition.ts";

const USAGE = "usage: tripgrid mapping suggest FILE [--source NAME]";
const ROWS_LOOKED_AT = 1000;

/**
 * `tripgrid mapping suggest FILE [--source NAME]`: reads the first rows of a CSV, NDJSON or JSON file, which may be packed
 * with gzip, and writes the mapping that they make likely as JSON, ready for `PUT /v1/mappings/NAME`.
 *
 * @param note is told what somebody who knows the file should check; the standard error, so that the JSON can be piped
 * @throws StartError with one sentence if the file cannot be read or holds no rows
 */
export async function mappingSuggest(
  args: string[],
  write: (text: string) => void,
  note: (text: string) => void = (text) => process.stderr.write(text),
): Promise<void> {
  const { file, source } = argumentsOf(args);
  const { fields, rows } = await headOf(file);
  if (rows.length === 0) throw new StartError(`${file} holds no rows.`);
  const { mapping, notes } = suggestMapping(fields, rows, source ?? sourceOf(file));
  write(printed(mapping));
  for (const line of notes) note(`${line}\n`);
}

function argumentsOf(args: string[]): { file: string; source: string | undefined } {
  try {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: { source: { type: "string" } },
    });
    const [file, ...more] = positionals;
    if (file === undefined || more.length > 0) throw new RangeError("expected one file");
    return { file, source: values.source };
  } catch (error) {
    throw new StartError(`${(error as Error).message}; ${USAGE}`);
  }
}

async function headOf(file: string): Promise<{ fields: string[]; rows: unknown[][] }> {
  const onDisk = createReadStream(file);
  // The rest of a large file is not read, so that its being cut off is no error.
  const bytes = /\.gz$/i.test(file) ? pipeline(onDisk, createGunzip(), () => {}) : onDisk;
  try {
    const { fields, blocks } = await streamRows(bytes, undefined, ROWS_LOOKED_AT);
    for await (const { rows } of blocks) {
      return { fields, rows: rows.flatMap((row) => ("record" in row ? [valuesOf(row.record, fields)] : [])) };
    }
    return { fields, rows: [] };
  } catch (error) {
    const detail = error instanceof AppError ? error.message : `${file} cannot be read: ${(error as Error).message}.`;
    throw new StartError(detail, { cause: error });
  } finally {
    onDisk.destroy();
  }
}

const valuesOf = (record: Record<string, unknown>, fields: readonly string[]) => fields.map((name) => record[name]);

/** A line for each column, so that it can be read and corrected. */
function printed({ columns, ...more }: MappingDefinition): string {
  const lines = (object: object, indent: string) =>
    Object.entries(object).map(([name, value]) => `${indent}${JSON.stringify(name)}: ${oneLine(value)}`);
  return `{\n  "columns": {\n${lines(columns, "    ").join(",\n")}\n  },\n${lines(more, "  ").join(",\n")}\n}\n`;
}

const oneLine = (value: unknown) => JSON.stringify(value, undefined, 1).replace(/\n */g, " ");

/** `2018-Q3 Metro_trips.csv.gz` → `2018-q3-metro-trips`. */
const sourceOf = (file: string): string =>
  basename(file)
    .replace(/\.(gz|csv|ndjson|jsonl|json|txt)\b/gi, "")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-|-$/g, "") || "CHANGE-ME";
