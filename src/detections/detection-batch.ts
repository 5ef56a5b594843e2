import { randomUUID } from "node:crypto";
import type { IdempotencyKey, RejectedRow } from "../batches/batch.ts";
import type { Problem, TopicSource } from "../batches/receipt.ts";
import { hasTakenLong, nextTurn } from "../kit/event-loop.ts";
import type { RowLimits } from "../parsing/row-limits.ts";
import { safeJson } from "../parsing/rows.ts";
import type { SentRow, SentRows } from "../parsing/sent-row.ts";
import type { TextFormat } from "../text/text-format.ts";
import type { TimeRange } from "../time/time.ts";
import type { SentTime } from "../time/time-parts.ts";
import { type Detection, hasPythonQuotes, readDetection } from "./read-detection.ts";

/** A detection that can be stored. */
export interface IdentifiedDetection extends Detection {
  id: string;
  seenAt: SentTime;
  /**
   * Whether its sender named it, and did not say when it was seen. Another message with this id is the same detection
   * then, whenever it comes.
   */
  isKnownByIdAlone: boolean;
}

/** The rows of one request, or of a stretch of a topic, ready to be stored in one transaction. */
export interface DetectionBatch {
  batchId: string;
  mapping: typeof MAPPING;
  /** The header of a CSV. */
  columns: string[] | undefined;
  received: number;
  detections: { row: number; detection: IdentifiedDetection }[];
  rejected: RejectedRow[];
  format?: TextFormat | undefined;
  withVerdicts: boolean;
  idempotency: IdempotencyKey | undefined;
  source?: TopicSource;
  /** Who sent it. Undefined: no credential was asked for. */
  owner?: string | undefined;
}

/** The value of `mapping` in the receipts of detections. */
export const MAPPING = "detections";

export interface BatchOptions {
  form: SentRows["form"];
  limits: RowLimits;
  range: TimeRange;
  /** The id of a row without one. `isTimed`: the row says when it was seen. */
  idOf: (row: number, isTimed: boolean) => string;
  /** When a row without a time was seen, ISO 8601 in UTC. */
  arrivedAt: (row: number) => string;
  about: Pick<DetectionBatch, "columns" | "withVerdicts" | "idempotency" | "owner" | "source" | "format">;
}

/** Makes detections of rows, and rejects the rows that are none. */
export async function detectionBatch(rows: readonly SentRow[], options: BatchOptions): Promise<DetectionBatch> {
  const { form, limits, range, idOf, arrivedAt, about } = options;
  const batch: DetectionBatch = {
    ...{ batchId: randomUUID(), mapping: MAPPING, received: rows.length, detections: [], rejected: [] },
    ...about,
  };
  for (const sent of rows) {
    if (hasTakenLong()) await nextTurn();
    const { row } = sent;
    if ("fault" in sent) {
      batch.rejected.push(rejected(row, [pythonOr({ field: "row", ...sent.fault }, sent.raw)], sent.raw));
      continue;
    }
    const { record } = sent;
    const read = readDetection(record, { fromCsv: form === "csv", limits, range });
    if ("problems" in read) {
      batch.rejected.push(rejected(row, read.problems, sent.raw || safeJson(record)));
      continue;
    }
    const { seenAt, id = idOf(row, seenAt !== undefined) } = read.detection;
    const detection: IdentifiedDetection = {
      ...{ ...read.detection, id },
      seenAt: seenAt ?? { kind: "instant", text: arrivedAt(row) },
      isKnownByIdAlone: seenAt === undefined && read.detection.id !== undefined,
    };
    batch.detections.push({ row, detection });
  }
  return batch;
}

const rejected = (row: number, problems: [Problem, ...Problem[]], record: string): RejectedRow => ({
  ...{ row, problems, record, tripId: undefined, source: undefined },
});

/** The reason for a text that Python printed names the remedy. */
function pythonOr(problem: Problem, raw: string): Problem {
  if (problem.code !== "invalid_json" || !hasPythonQuotes(raw)) return problem;
  const detail = `expected JSON, whose quotes are ", but the text has Python's quotes ': write it with json.dumps`;
  return { field: "row", code: "invalid_json", detail };
}
