import type { RejectLimits } from "../batches/batch.ts";
import { capRejected, jsonOf } from "../batches/cap-rejected.db.ts";
import { findBatch } from "../batches/find-batch.db.ts";
import { insertRejected } from "../batches/insert-rejected.db.ts";
import { receiptOf, verdictsOf } from "../batches/receipt.db.ts";
import type { Receipt } from "../batches/receipt.ts";
import type { Transaction } from "../database/client.ts";
import { claimKeys, keyReused } from "../ingest/store-batches.db.ts";
import { takeNumbers } from "../storage/batch-numbers.db.ts";
import { inTransaction, type Store } from "../storage/trip-transaction.db.ts";
import { type DetectionBatch, MAPPING } from "./detection-batch.ts";
import { insertDetections } from "./insert-detections.db.ts";

/**
 * Stores a batch of detections, its rejected rows, its receipt and its idempotency key in one transaction, which is
 * committed when this returns. A key that was used before gives the earlier receipt.
 *
 * @throws AppError idempotency_key_reused, database_unavailable
 */
export function storeDetections(store: Store, batch: DetectionBatch, limits: RejectLimits): Promise<Receipt> {
  return inTransaction(store, [], async (tx) => {
    const used = (await claimKeys(tx, [batch])).get(batch.batchId);
    if (!used) return insertDetectionBatch(tx, store, batch, limits);
    if (Buffer.compare(used.digest, batch.idempotency?.digest ?? new Uint8Array()) !== 0) {
      throw keyReused(used.batch_id);
    }
    const receipt = await findBatch(tx, used.batch_id);
    if (!receipt) throw new Error(`the batch ${used.batch_id} of an idempotency key is gone`);
    return receipt;
  });
}

/** Stores a batch without its idempotency key in the given transaction, and returns its receipt. */
export async function insertDetectionBatch(
  tx: Transaction,
  { memory }: Pick<Store, "memory">,
  batch: DetectionBatch,
  limits: RejectLimits,
): Promise<Receipt> {
  const [number = 0] = await takeNumbers(tx, memory, 1);
  const { rows: inserted, seen } = await insertDetections(
    tx,
    batch.detections.map((one) => ({ ...one, batch: number })),
  );
  const trips = batch.detections.map(({ row, detection }) => ({ row, trip: { tripId: detection.id } }));
  const verdicts = batch.withVerdicts ? verdictsOf({ trips, rejected: batch.rejected }, inserted) : undefined;
  const capped = capRejected(batch.rejected, limits);
  const { batchId, format, columns, received, rejected, source, owner } = batch;
  // An undo looks for the detections between these instants.
  const request = { ...(seen ? { seen } : {}), ...(format && Object.keys(format).length > 0 ? { format } : {}) };
  const [times] = await tx<{ created_at: string; committed_at: string }[]>`
    insert into tripgrid.batches (batch_id, subject, state, mapping, received, inserted, duplicates, rejected, columns, request,
                                  verdicts, rejects_dropped, rejects_bytes, dropped_by_reason, source, owner, number, committed_at)
    values (${batchId}, 'detections', 'committed', ${MAPPING}, ${received}, ${inserted.size},
            ${trips.length - inserted.size}, ${rejected.length}, ${columns ?? null},
            ${Object.keys(request).length > 0 ? JSON.stringify(request) : null}::text::jsonb,
            ${verdicts ? JSON.stringify(verdicts) : null}::text::jsonb, ${capped.dropped}, ${capped.bytes},
            ${jsonOf(capped.byReason)}::text::jsonb, ${source ? JSON.stringify(source) : null}::text::jsonb,
            ${owner ?? null}, ${number}, clock_timestamp())
    returning created_at, committed_at`;
  await insertRejected(
    tx,
    capped.kept.map((row) => ({ batchId, ...row })),
  );
  return receiptOf({ batch: { ...batch, trips }, inserted: inserted.size, verdicts, capped, ...times });
}
