import { randomUUID } from "node:crypto";
import { createWriteStream } from "node:fs";
import { access, mkdir, open, readdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { ReadableStream } from "node:stream/web";
import { parseArgs } from "node:util";
import { parquetMetadataAsync } from "hyparquet";
import { withRetries } from "../../client/index.ts";
import { readConfig } from "../config.ts";
import { StartError } from "../errors.ts";
import { daysAfter, mondayOf, weeksBetween } from "../time/week.ts";
import { startOwnService } from "./own-service.ts";
import { count } from "./progress.ts";
import { configuredUrl, credentialOf, isTripgrid } from "./running-service.ts";
import { UsageError } from "./usage-error.ts";

interface Arguments {
  /** The Mondays of the weeks, in order. */
  mondays: string[];
  to: string;
  url: string | undefined;
  filters: Record<string, string>;
}

/** More weeks are more likely a typo than a wish. */
const MAX_WEEKS = 1000;

/**
 * `tripgrid export --weeks 2025-W01..2025-W12 --to DIR`: writes the trips of each week as a GeoParquet file, sorted by
 * cell. A file that is there is complete, and stays as it is.
 *
 * @returns the exit status
 */
export async function exportWeeks(args: string[]): Promise<number> {
  const { mondays, to, url, filters } = argumentsOf(args);
  const config = readConfig();
  const running = url ?? configuredUrl(config);
  const answers = running !== undefined && (await isTripgrid(running));
  if (!answers && url !== undefined) throw new StartError(`No Tripgrid service answers at ${url}.`);
  const own = answers ? undefined : await startOwnService(config);
  const service = { url: own?.url ?? running ?? "", headers: credentialOf(own?.ownKey ?? config.apiKey) };
  try {
    await mkdir(to, { recursive: true });
    await removeOldParts(to);
    for (const monday of mondays) {
      const name = `trips-${weekOf(monday)}${suffixOf(filters)}.parquet`;
      const file = join(to, name);
      if (await isThere(file)) {
        process.stdout.write(`${name}: is there already\n`);
        continue;
      }
      const trips = await exportWeek(service, monday, filters, file);
      process.stdout.write(`${name}: ${count(trips)} trips\n`);
    }
    return 0;
  } finally {
    await own?.stop();
  }
}

/** Writes the file of a week under another name first, so that it is complete or not there. Returns its trips. */
async function exportWeek(
  { url, headers }: { url: string; headers: Record<string, string> },
  monday: string,
  filters: Record<string, string>,
  file: string,
): Promise<number> {
  const query = new URLSearchParams({ ...filters, from: monday, to: daysAfter(monday, 6), format: "geoparquet" });
  // Another command may write the same file meanwhile.
  const part = `${file}.${randomUUID()}.part`;
  try {
    const reply = await withRetries(() => fetch(`${url}/v1/export/trips?${query}`, { headers }), {});
    if (!reply.ok || !reply.body) {
      const { detail } = (await reply.json().catch(() => ({}))) as { detail?: string };
      throw new StartError(detail ?? `the service answers ${reply.status}`);
    }
    await pipeline(Readable.fromWeb(reply.body as ReadableStream), createWriteStream(part, { flush: true }));
    const trips = await tripsIn(part);
    await rename(part, file);
    return trips;
  } catch (error) {
    await rm(part, { force: true });
    if (error instanceof StartError) throw error;
    throw new StartError(
      `${file}: the export broke off: ${(error as Error).message}. The same command goes on with it.`,
      {
        cause: error,
      },
    );
  }
}

/** The filters as a part of a file's name, where only these characters stand for themselves: `A-Z a-z 0-9 - _ . ~`. */
const suffixOf = (filters: Record<string, string>): string =>
  Object.entries(filters)
    .map(([name, value]) => `.${name}=${encodeURIComponent(value).replace(/[!'()*]/g, percent)}`)
    .join("");
const percent = (character: string) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`;

/** A part that grows is written to all the time. */
const ABANDONED_MS = 3_600_000;
const PART = /^trips-.*\.parquet\..*\.part$/;

/** Removes the parts of commands that were killed. */
async function removeOldParts(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    if (!PART.test(name)) continue;
    const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: Number.POSITIVE_INFINITY }));
    if (mtimeMs < Date.now() - ABANDONED_MS) await rm(path, { force: true });
  }
}

/** Reads the footer, which a file that was cut off does not have. */
async function tripsIn(path: string): Promise<number> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const { num_rows } = await parquetMetadataAsync({
      byteLength: size,
      slice: async (start, end = size) => {
        const bytes = Buffer.alloc(end - start);
        await file.read(bytes, 0, bytes.length, start);
        return Uint8Array.from(bytes).buffer;
      },
    });
    return Number(num_rows);
  } finally {
    await file.close();
  }
}

const isThere = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

/** The name of the week that begins on a Monday. */
function weekOf(monday: string): string {
  const year = daysAfter(monday, 3).slice(0, 4);
  const number = weeksBetween(mondayOf(`${year}-W01`) ?? monday, monday);
  return `${year}-W${String(number).padStart(2, "0")}`;
}

function argumentsOf(args: string[]): Arguments {
  try {
    const { values } = parseArgs({
      args,
      options: {
        ...{ weeks: { type: "string" }, to: { type: "string" }, url: { type: "string" } },
        ...{ source: { type: "string" }, region: { type: "string" } },
      },
    });
    const [first = "", last = first, more] = (values.weeks ?? "").split("..");
    const [from, until] = [mondayOf(first), mondayOf(last)];
    if (from === undefined || until === undefined || more !== undefined || from > until) {
      throw new UsageError(
        `export: --weeks: expected a week or two in order, such as 2025-W01..2025-W12, but got ${values.weeks ?? "nothing"}`,
      );
    }
    if (values.to === undefined) throw new UsageError("export: --to: expected the folder for the files");
    const weeks = weeksBetween(from, until);
    if (weeks > MAX_WEEKS)
      throw new UsageError(`export: --weeks: expected at most ${MAX_WEEKS} weeks, but got ${weeks}`);
    const { source, region, to } = values;
    return {
      mondays: Array.from({ length: weeks }, (_, i) => daysAfter(from, 7 * i)),
      to,
      url: values.url?.replace(/\/+$/, ""),
      filters: { ...(source === undefined ? {} : { source }), ...(region === undefined ? {} : { region }) },
    };
  } catch (error) {
    throw error instanceof UsageError ? error : new UsageError(`export: ${(error as Error).message}`);
  }
}
