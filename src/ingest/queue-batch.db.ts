import type { IdempotencyKey } from "../batches/batch.ts";
import { findBatch } from "../batches/find-batch.db.ts";
import type { Receipt } from "../batches/receipt.ts";
import type { WorkRequest } from "../batches/work.ts";
import { type Sql, type Transaction, translateErrors } from "../database/client.ts";
import { withFreeNumber } from "../storage/batch-numbers.db.ts";
import { claimKeys, keyReused } from "./store-batches.db.ts";

/** A batch with a stored payload. Its rows are not processed yet. */
export interface QueuedBatch {
  batchId: string;
  request: WorkRequest;
  /** Size of the payload as it was sent. */
  bytes: number;
  idempotency: IdempotencyKey | undefined;
  callback: string | undefined;
  /** Who sent it. Undefined: no credential was asked for. */
  owner?: string | undefined;
}

/** Stores a part of a payload. Parts count from 0. Nothing reads them before the batch is queued. */
export async function savePayloadPart(sql: Sql, batchId: string, part: number, content: Buffer): Promise<void> {
  await translateErrors(
    () => sql`insert into tripgrid.payload_parts (batch_id, part, content) values (${batchId}, ${part}, ${content})`,
  );
}

/**
 * Removes the payload of a batch that was not queued. If the batch was queued and only the answer was lost, nothing
 * happens.
 */
export async function dropPayload(sql: Sql, batchId: string): Promise<void> {
  await translateErrors(
    () => sql`
      delete from tripgrid.payload_parts where batch_id = ${batchId}
        and not exists (select from tripgrid.batches where batch_id = ${batchId})`,
  );
}

/**
 * Yields the parts of a payload in order, one at a time.
 *
 * @param bytes the size of the payload: missing parts are not taken for the end of it
 */
export async function* readPayload(sql: Sql, batchId: string, bytes: number): AsyncGenerator<Buffer> {
  let read = 0;
  for (let part = 0; ; part++) {
    const [row] = await sql<{ content: Buffer }[]>`
      select content from tripgrid.payload_parts where batch_id = ${batchId} and part = ${part}`;
    if (!row) break;
    read += row.content.length;
    yield row.content;
  }
  if (read !== bytes) throw new Error(`of the payload of ${batchId} ${read} of ${bytes} bytes are there`);
}

/**
 * Queues a batch with a stored payload. Once this returns, the batch will be processed, whatever happens to this
 * process. If the key was used before, nothing is queued and the earlier batch's receipt is returned.
 *
 * @throws AppError idempotency_key_reused
 */
export async function queueBatch(sql: Sql, batch: QueuedBatch): Promise<Receipt> {
  return translateErrors(() => withFreeNumber(() => sql.begin((tx) => queue(tx, batch)))) as Promise<Receipt>;
}

async function queue(tx: Transaction, batch: QueuedBatch): Promise<Receipt> {
  const { batchId, request, bytes, idempotency, callback, owner } = batch;
  const used = (await claimKeys(tx, [batch])).get(batchId);
  if (used) {
    await tx`delete from tripgrid.payload_parts where batch_id = ${batchId}`;
    if (!idempotency || Buffer.compare(used.digest, idempotency.digest) !== 0) throw keyReused(used.batch_id);
  } else {
    await insertQueued(tx, batchId, request, bytes, owner);
    if (callback !== undefined) {
      await tx`insert into tripgrid.callbacks (batch_id, url) values (${batchId}, ${callback})`;
    }
  }
  const receipt = await findBatch(tx, used?.batch_id ?? batchId);
  if (!receipt) throw new Error(`the batch ${used?.batch_id} of an idempotency key is gone`);
  return receipt;
}

export async function insertQueued(
  tx: Transaction,
  batchId: string,
  request: WorkRequest,
  bytes: number,
  owner?: string,
): Promise<void> {
  await tx`
    insert into tripgrid.batches (batch_id, state, request, bytes, owner)
    values (${batchId}, 'queued', ${JSON.stringify(request)}::text::jsonb, ${bytes}, ${owner ?? null})`;
}
