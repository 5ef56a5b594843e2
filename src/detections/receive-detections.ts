import { randomUUID } from "node:crypto";
import type { IngestRequest } from "../batches/ingest-request.ts";
import type { Receipt } from "../batches/receipt.ts";
import { AppError } from "../errors.ts";
import type { Admission, Admitted } from "../ingest/admission.ts";
import { createRowsRoom, kindOfBody, readUpTo, rowsWithin, SYNC_ROWS, unpackWithin } from "../ingest/receive-trips.ts";
import { digestOver, idempotencyOf } from "../ingest/request-digest.ts";
import { currentOwner } from "../kit/bounds.ts";
import type { RowLimits } from "../parsing/row-limits.ts";
import { type TimeRange, yearsFrom } from "../time/time.ts";
import { type DetectionBatch, detectionBatch } from "./detection-batch.ts";
import { derivedId } from "./detection-id.ts";

/** Takes in one request. The receipt is final: the rows are stored. */
export type ReceiveDetections = (request: IngestRequest) => Promise<Receipt>;

export interface ReceiveDeps {
  /** Stores a batch in one transaction, or gives the receipt of the batch that used the same idempotency key before. */
  store: (batch: DetectionBatch) => Promise<Receipt>;
  admission: Admission;
  /** The largest body, packed or unpacked. */
  syncBodyBytes: number;
  minBytesPerS: number;
  limits: RowLimits;
  /** `YYYY-MM-DD`; earlier detections are rejected. */
  minTime: string;
  now?: () => Date;
  /** A request is refused after this time without room for its rows. */
  deadlineMs: number;
}

/**
 * Creates the intake of detections. A body is held whole, within the room of the admission, and stored by one
 * transaction. A larger one is refused.
 */
export function createReceiveDetections(deps: ReceiveDeps): ReceiveDetections {
  return async (request) => {
    const admitted = deps.admission.enter();
    const room = createRowsRoom(deps);
    try {
      return await deps.store(await batchOf(request, admitted, room, deps));
    } finally {
      room.release();
      admitted.leave();
    }
  };
}

async function batchOf(
  sent: IngestRequest,
  admitted: Admitted,
  room: ReturnType<typeof createRowsRoom>,
  deps: ReceiveDeps,
): Promise<DetectionBatch> {
  const head = await readUpTo({ ...deps, maxBodyBytes: deps.syncBodyBytes }, sent, admitted);
  const { kind, request } = kindOfBody(sent, head);
  if (kind !== "text" && kind !== "gzip") {
    throw new AppError("unsupported_file", `The body is ${kind}; expected detections as JSON, NDJSON or CSV.`);
  }
  const body = head.rest ? undefined : await unpackWithin(deps, head.bytes, request, admitted.body);
  if (!body) throw tooLarge(`${deps.syncBodyBytes} bytes`, { max_bytes: deps.syncBodyBytes });
  await room.wait(body);
  const rows = await rowsWithin(body, request, { ...deps, customMappings: async () => [] });
  if (!rows) throw tooLarge(`${SYNC_ROWS} rows`, { max_rows: SYNC_ROWS });
  await room.topUp(rows.rows.length);
  const now = deps.now?.() ?? new Date();
  // No mapping of trips has such a name, so a key never stands for trips and detections.
  const idempotency = idempotencyOf(request, await digestOver({ ...request, mapping: "/v1/detections" }, body));
  const owner = currentOwner();
  const range: TimeRange = { min: deps.minTime, max: yearsFrom(now, 1) };
  return detectionBatch(rows.rows, {
    ...{ form: rows.form, limits: deps.limits, range },
    idOf: (row) => (idempotency ? derivedId(["key", owner ?? "", idempotency.key, row]) : randomUUID()),
    arrivedAt: () => now.toISOString(),
    about: {
      ...{ columns: rows.form === "csv" ? rows.fields : undefined, format: rows.format },
      ...{ withVerdicts: request.withVerdicts, idempotency, owner },
    },
  });
}

const tooLarge = (limit: string, extra: object) =>
  new AppError("body_too_large", `The body holds more than ${limit}; send it in parts.`, { ...extra });
