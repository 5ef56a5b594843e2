import { z } from "zod";
import type { Import } from "../imports/imports.ts";
import type { TakenNow } from "../imports/take-inbox.ts";

const lead = z.string().meta({ description: "Hours:minutes:seconds", example: "0:01:22.754150" });

const FileStatus = z
  .object({
    file: z.string(),
    lead_time: lead,
    num_rows: z.int(),
    result: z.string().meta({ example: "Successful Data Ingestion" }),
  })
  .meta({ id: "IngestedFile" });

/** What becomes of the files in the inbox. */
export const IngestStatus = z
  .object({
    review: z.string().meta({ example: "Process Finished" }),
    start_time: z.string().optional(),
    end_time: z.string().optional(),
    lead_time: lead.optional(),
    details: z.array(FileStatus).optional(),
  })
  .meta({ id: "IngestDataStatus" });
export type IngestStatus = z.infer<typeof IngestStatus>;

/** Files that come within this time after the end of others belong to the same process. */
const GAP_MS = 60_000;

/**
 * The status of the last process: of the newest imports that came without a longer pause.
 *
 * @param imports newest first
 * @param taken what is being taken now and may not be listed yet
 */
export function ingestStatus(imports: readonly Import[], taken: TakenNow | undefined, now = new Date()): IngestStatus {
  const process = lastProcess(imports, taken, now);
  const open = process.filter(isOpen);
  const details = process.filter((one) => !isOpen(one)).map(fileStatus);
  const began = Math.min(...process.map(beganAt), ...(taken ? [taken.since.getTime()] : []));
  const file = open[0]?.file ?? taken?.file;
  if (file !== undefined) {
    return { review: `${file}: In progress..`, start_time: new Date(began).toISOString(), details };
  }
  if (process.length === 0) return { review: "Nothing is being processed" };
  const ended = Math.max(...process.map((one) => endedAt(one, now)));
  return {
    review: "Process Finished",
    start_time: new Date(began).toISOString(),
    end_time: new Date(ended).toISOString(),
    lead_time: leadTime(ended - began),
    details,
  };
}

/** The imports of the last process, oldest first. */
function lastProcess(imports: readonly Import[], taken: TakenNow | undefined, now: Date): Import[] {
  const found: Import[] = [];
  let since = taken?.since.getTime() ?? Number.POSITIVE_INFINITY;
  for (const one of imports) {
    if (since !== Number.POSITIVE_INFINITY && endedAt(one, now) + GAP_MS < since) break;
    since = Math.min(since, beganAt(one));
    found.unshift(one);
  }
  return found;
}

const isOpen = ({ state, already_imported }: Import) =>
  !already_imported && (state === "queued" || state === "running" || state === "undoing");

const beganAt = (one: Import) => Date.parse(one.created_at);

/** An import of a content that was imported before is over at once. */
function endedAt(one: Import, now: Date): number {
  if (isOpen(one)) return now.getTime();
  const ended = one.already_imported || one.ended_at === null ? one.created_at : one.ended_at;
  return Date.parse(ended);
}

function fileStatus(one: Import): z.infer<typeof FileStatus> {
  const ended = one.already_imported ? beganAt(one) : Date.parse(one.ended_at ?? one.created_at);
  return {
    file: one.file,
    lead_time: leadTime(ended - beganAt(one)),
    num_rows: one.already_imported ? 0 : one.rows,
    result: resultOf(one),
  };
}

function resultOf({ state, already_imported, error, rows, rejected }: Import): string {
  if (already_imported) return "Nothing new: the same content was ingested before";
  if (state === "failed") return `Failed Data Ingestion: ${error?.detail ?? "the file cannot be read"}`;
  if (state === "undone") return "Undone";
  if (rejected === 0) return "Successful Data Ingestion";
  if (rejected === rows) return "Failed Data Ingestion: every row was rejected";
  return `Successful Data Ingestion; ${rejected} rows were rejected`;
}

/** Milliseconds as hours:minutes:seconds with microseconds. */
export function leadTime(ms: number): string {
  const whole = Math.max(0, Math.round(ms));
  const two = (n: number) => String(n).padStart(2, "0");
  const seconds = Math.floor(whole / 1000);
  const micros = String((whole % 1000) * 1000).padStart(6, "0");
  return `${Math.floor(seconds / 3600)}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}.${micros}`;
}
