import { z } from "zod";
import type { FaultCode } from "../kit/parsed.ts";
import { DELIMITERS } from "../text/csv-shape.ts";
import { Instant } from "../time/instant.ts";

/** One faulty field of a row: which one, a stable code and what was expected. */
export const Problem = z
  .object({
    field: z.string(),
    // Any text in OpenAPI, so that a new code breaks no client.
    code: z.string() as z.ZodType<FaultCode>,
    detail: z.string(),
  })
  .meta({ id: "FieldProblem" });
export type Problem = z.infer<typeof Problem>;

/** The first fault of one rejected row, as a receipt lists it. */
const Reject = Problem.and(z.object({ row: z.int(), trip_id: z.string().nullable() }));
export type Reject = z.infer<typeof Reject>;

/** A receipt lists this many rejects; the rest are at the batch's own address. */
export const REJECTS_IN_RECEIPT = 100;

/** The result of one row. */
const RowVerdict = z.object({
  row: z.int(),
  trip_id: z.string().nullable(),
  verdict: z.enum(["inserted", "duplicate", "rejected"]),
  problems: z.array(Problem),
});
export type RowVerdict = z.infer<typeof RowVerdict>;

export const BatchState = z.enum(["queued", "running", "committed", "failed", "undoing", "undone"]);
export type BatchState = z.infer<typeof BatchState>;

/** The progress of a batch that is processed after its acknowledgement. */
export const Progress = z.object({
  /** Size of the payload as it was sent, and how much of it has been read and stored. */
  bytes: z.int(),
  bytes_done: z.int(),
  /** Over the time spent on the batch so far; 0 before it begins. */
  rows_per_second: z.number(),
  /** At the speed so far; null while the speed is unknown. */
  seconds_left: z.number().nullable(),
});
export type Progress = z.infer<typeof Progress>;

/** The stretch of a topic that a batch came from. Positions are offsets of Kafka, or sequences of JetStream. */
export const TopicSource = z.object({
  topic: z.string(),
  partition: z.int(),
  first_position: z.int(),
  last_position: z.int(),
});
export type TopicSource = z.infer<typeof TopicSource>;

/** The kinds of warnings: something that may be wrong with rows that were taken. */
export const WARNING_CODES = [
  "outside_boundary",
  "exchanged_coordinates",
  "time_zone_by_place",
  "equal_rows",
  "cancelled",
] as const;
const Warning = z.object({
  // Any text in OpenAPI, so that a new code breaks no client.
  code: z.string() as z.ZodType<(typeof WARNING_CODES)[number]>,
  rows: z.int(),
  detail: z.string(),
});
export type Warning = z.infer<typeof Warning>;

/** Who took a batch back, and when. */
const Undone = z.object({
  /** The name of the caller. Null: it is not known. */
  by: z.string().nullable(),
  at: Instant,
  /** Trips that are gone, so far. */
  removed: z.int(),
  /** Trips that stayed because another batch had sent them too; they belong to that batch now. */
  kept: z.int(),
});

/** Why a batch or an import failed. */
export const Failure = z.object({ code: z.string(), detail: z.string() });

const receipt = z.object({
  batch_id: z.uuid(),
  state: BatchState,
  /** Null until its first rows are read. */
  mapping: z.string().nullable(),
  source: TopicSource.optional().meta({ description: "The stretch of a topic that it came from" }),
  received: z.int(),
  inserted: z.int(),
  duplicates: z.int(),
  rejected: z.int(),
  rejects: z.array(Reject).meta({
    description: `The first ${REJECTS_IN_RECEIPT} rejected rows, each with its first fault`,
  }),
  rejects_kept: z.int().optional().meta({
    description: "How many rejected rows are kept to be mended, if there were more than a batch may keep",
  }),
  rejects_dropped: z
    .record(z.string(), z.int())
    .optional()
    .meta({ description: "The others, which are only counted, by the code of their first fault" }),
  verdicts: z.array(RowVerdict).optional().meta({ description: "Every row, where the request asked for verdicts=all" }),
  format: z
    .object({
      charset: z.string().optional(),
      delimiter: z.enum(DELIMITERS).optional(),
      decimal: z.literal(",").optional(),
      quote: z.literal("'").optional(),
      padded: z.literal(true).optional().meta({ description: "Blanks around cells are left out" }),
      titles: z.int().optional().meta({ description: "Lines before the header of a CSV, which are left out" }),
      rows: z.string().optional().meta({ description: "The path of the array of rows in a JSON document" }),
    })
    .optional()
    .meta({ description: "How the text was written, where it is not UTF-8 with commas and decimal points" }),
  error: Failure.optional(),
  progress: Progress.optional().meta({ description: "Of a batch that is queued or running" }),
  warnings: z
    .array(Warning)
    .optional()
    .meta({ description: "What may be wrong with rows that were taken, counted by kind" }),
  undone: Undone.optional().meta({
    description:
      "Of a batch that is or is being undone: by whom, when, its trips that are removed, and those that stay because another batch sent them too",
  }),
  created_at: Instant,
  committed_at: Instant.nullable(),
});
/**
 * The result of a batch. Once committed, `received = inserted + duplicates + rejected`. While it is running, the same
 * holds for the rows stored so far.
 */
export type Receipt = z.infer<typeof receipt>;

/** A receipt in a reply. */
export const ReceiptReply = receipt
  .extend({ links: z.object({ self: z.string(), events: z.string(), rejects: z.string() }) })
  .meta({ id: "Receipt", description: "Once committed: received = inserted + duplicates + rejected" });

/** A receipt with the addresses of its batch, events and rejects. */
export function withLinks<R extends Receipt>(receipt: R) {
  const self = `/v1/batches/${receipt.batch_id}`;
  return { ...receipt, links: { self, events: `${self}/events`, rejects: `${self}/rejects` } };
}

/** A receipt with its place in the order of all changes; a later state of the same batch has a higher one. */
export interface BatchChange {
  change_id: number;
  receipt: Receipt;
  /** Who sent it. Null or undefined: no credential was asked for. */
  owner?: string | null | undefined;
}

export type FindBatch = (batchId: string) => Promise<Receipt | undefined>;
