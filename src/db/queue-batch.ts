import type { IdempotencyKey, Receipt, WorkRequest } from "../batch.ts";
import { type Sql, type Transaction, translateErrors } from "./client.ts";
import { findBatch } from "./find-batch.ts";
import { claimKeys, keyReused } from "./store-batches.ts";

/** A batch whose payload is stored, and whose rows are still to do. */
export interface QueuedBatch {
  batchId: string;
  request: WorkRequest;
  /** Size of the payload as it was sent. */
  bytes: number;
  idempotency: IdempotencyKey | undefined;
  callback: string | undefined;
}

/** Stores a part of a payload, from 0 on. Nobody reads it before its batch is queued. */
export async function savePayloadPart(sql: Sql, batchId: string, part: number, content: Buffer): Promise<void> {
  await translateErrors(
    () => sql`insert into tripgrid.payload_parts (batch_id, part, content) values (${batchId}, ${part}, ${content})`,
  );
}

/** Removes the payload of a batch that was not queued after all; if it was, though its answer was lost, nothing happens. */
export async function dropPayload(sql: Sql, batchId: string): Promise<void> {
  await translateErrors(
    () => sql`
      delete from tripgrid.payload_parts where batch_id = ${batchId}
        and not exists (select from tripgrid.batches where batch_id = ${batchId})`,
  );
}

/**
 * The parts of a payload, in order, one at a time.
 *
 * @param bytes how many there must be: parts that are missing do not pass for the end of what was sent
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
 * Queues a batch whose payload is stored; once this returns it will be done, whatever becomes of this process. With a key
 * that was used before nothing is queued, and the earlier batch's receipt is given.
 *
 * @throws AppError idempotency_key_reused
 */
export async function queueBatch(sql: Sql, batch: QueuedBatch): Promise<Receipt> {
  return translateErrors(() => sql.begin((tx) => queue(tx, batch))) as Promise<Receipt>;
}

async function queue(tx: Transaction, batch: QueuedBatch): Promise<Receipt> {
  const { batchId, request, bytes, idempotency, callback } = batch;
  const used = (await claimKeys(tx, [batch])).get(batchId);
  if (used) {
    await tx`delete from tripgrid.payload_parts where batch_id = ${batchId}`;
    if (!idempotency || Buffer.compare(used.digest, idempotency.digest) !== 0) throw keyReused(used.batch_id);
  } else {
    await insertQueued(tx, batchId, request, bytes);
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
): Promise<void> {
  await tx`
    insert into tripgrid.batches (batch_id, state, request, bytes)
    values (${batchId}, 'queued', ${JSON.stringify(request)}::text::jsonb, ${bytes})`;
}
