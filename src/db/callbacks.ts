import type { DueCallback, FailedAttempt } from "../callback.ts";
import { type Sql, type Transaction, translateErrors } from "./client.ts";
import { findBatches } from "./find-batch.ts";

/** Longer than an attempt takes: by then it was recorded, or whoever made it is gone. */
const CLAIM_SECONDS = 60;

/** Which attempt it was; after another one has begun nothing more is recorded of it. */
type Made = Pick<DueCallback, "batchId" | "attempt">;

/** Names where the receipt of a batch goes once it is final. Belongs into the transaction that stores the batch. */
export async function insertCallback(tx: Sql | Transaction, batchId: string, url: string): Promise<void> {
  await (tx as Sql)`insert into tripgrid.callbacks (batch_id, url) values (${batchId}, ${url})`;
}

/**
 * Takes callbacks that are due, of batches that are final: nobody else gets them for as long as an attempt may take. One
 * whose process ends meanwhile is due again afterwards.
 */
export async function takeDueCallbacks(sql: Sql, limit: number): Promise<DueCallback[]> {
  return translateErrors(async () => {
    const taken = await sql<{ batch_id: string; url: string; attempts: number }[]>`
      with due as (
        select c.batch_id
        from tripgrid.callbacks c join tripgrid.batches b using (batch_id)
        where c.delivered_at is null and c.given_up_at is null and c.next_attempt_at <= clock_timestamp()
          and b.state in ('committed', 'failed')
        order by c.next_attempt_at limit ${limit}
        for update of c skip locked)
      update tripgrid.callbacks c
      set attempts = attempts + 1, next_attempt_at = clock_timestamp() + make_interval(secs => ${CLAIM_SECONDS})
      from due where c.batch_id = due.batch_id
      returning c.batch_id, c.url, c.attempts`;
    if (taken.length === 0) return [];
    const receipts = await findBatches(
      sql,
      taken.map((one) => one.batch_id),
    );
    const byId = new Map(receipts.map((receipt) => [receipt.batch_id, receipt]));
    return taken.flatMap(({ batch_id, url, attempts }) => {
      const receipt = byId.get(batch_id);
      return receipt ? [{ batchId: batch_id, url, attempt: attempts, receipt }] : [];
    });
  });
}

/** The receiver has the receipt. */
export async function recordDelivery(sql: Sql, { batchId }: Made): Promise<void> {
  await translateErrors(async () => {
    await sql`
      update tripgrid.callbacks set delivered_at = clock_timestamp(), given_up_at = null, last_error = null
      where batch_id = ${batchId} and delivered_at is null`;
  });
}

/**
 * An attempt has failed.
 *
 * @param retryInMs when the next one is due; none: there is none
 */
export async function recordFailure(
  sql: Sql,
  { batchId, attempt }: Made,
  { error }: Pick<FailedAttempt, "error">,
  retryInMs: number | undefined,
): Promise<void> {
  const isLast = retryInMs === undefined;
  await translateErrors(async () => {
    await sql`
      update tripgrid.callbacks
      set last_error = ${error},
          given_up_at = case when ${isLast} then clock_timestamp() end,
          next_attempt_at = case when ${isLast} then next_attempt_at
                                 else clock_timestamp() + make_interval(secs => ${(retryInMs ?? 0) / 1000}) end
      where batch_id = ${batchId} and attempts = ${attempt} and delivered_at is null`;
  });
}
