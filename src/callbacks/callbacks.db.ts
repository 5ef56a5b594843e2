import { findBatches } from "../batches/find-batch.db.ts";
import type { Receipt } from "../batches/receipt.ts";
import type { Sql, Transaction } from "../database/client.ts";
import { callbackQueue } from "./callback-queue.db.ts";

/** The callbacks of batches: the receipt, once it is final. */
export const batchCallbacks = callbackQueue<Receipt>({
  table: "tripgrid.callbacks",
  id: "batch_id",
  isReady:
    "exists (select from tripgrid.batches b where b.batch_id = c.batch_id and b.state in ('committed', 'failed', 'undone'))",
  payloads: async (sql, ids) =>
    new Map((await findBatches(sql, ids)).map((receipt) => [receipt.batch_id, receipt] as const)),
});

/**
 * Stores the URL that gets the receipt of a batch once it is final. It belongs in the transaction that stores the
 * batch.
 */
export async function insertCallback(tx: Sql | Transaction, batchId: string, url: string): Promise<void> {
  await (tx as Sql)`insert into tripgrid.callbacks (batch_id, url) values (${batchId}, ${url})`;
}
