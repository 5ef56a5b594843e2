import { findBatches } from "../batches/find-batch.db.ts";
import { type Sql, type Transaction, translateErrors } from "../database/client.ts";
import type { DueCallback, FailedAttempt } from "./callback.ts";

/** After this many attempts in a row that end the process, a callback is given up. */
const MAX_UNFINISHED = 3;

/** Longer than an attempt takes. By then it is recorded, or its process is gone. */
const CLAIM_SECONDS = 60;

/** Identifies an attempt. Once another one has begun, its failure is no longer recorded. */
type Made = Pick<DueCallback, "id" | "attempt">;

/**
 * Stores the URL that gets the receipt of a batch once it is final. It belongs in the transaction that stores the
 * batch.
 */
export async function insertCallback(tx: Sql | Transaction, batchId: string, url: string): Promise<void> {
  await (tx as Sql)`insert into tripgrid.callbacks (batch_id, url) values (${batchId}, ${url})`;
}

/**
 * Takes due callbacks of final batches. No other process gets them for as long as an attempt may take. If the process
 * ends meanwhile, the callback is due again afterwards. It is given up if that happens several times in a row.
 */
export async function takeDueCallbacks(sql: Sql, limit: number): Promise<DueCallback[]> {
  return translateErrors(async () => {
    await giveUpDeadly(sql);
    const taken = await sql<{ batch_id: string; url: string; attempts: number }[]>`
      with due as (
        select c.batch_id
        from tripgrid.callbacks c join tripgrid.batches b using (batch_id)
        where c.delivered_at is null and c.given_up_at is null and c.next_attempt_at <= clock_timestamp()
          and b.state in ('committed', 'failed', 'undone')
        order by c.unfinished, c.next_attempt_at limit ${limit}
        for update of c skip locked)
      update tripgrid.callbacks c
      set attempts = attempts + 1, unfinished = unfinished + 1, next_attempt_at = clock_timestamp() + make_interval(secs => ${CLAIM_SECONDS})
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
      return receipt ? [{ id: batch_id, url, attempt: attempts, payload: receipt }] : [];
    });
  });
}

/**
 * Gives up callbacks if their attempts end the process. Several attempts are made at a time, so one crash proves
 * nothing.
 */
async function giveUpDeadly(sql: Sql): Promise<void> {
  await sql`
    update tripgrid.callbacks
    set given_up_at = clock_timestamp(), last_error = 'the process ended during each of the last attempts'
    where delivered_at is null and given_up_at is null and next_attempt_at <= clock_timestamp()
      and unfinished >= ${MAX_UNFINISHED}`;
}

/** Records that the receiver has the receipt. */
export async function recordDelivery(sql: Sql, { id }: Made): Promise<void> {
  await translateErrors(async () => {
    await sql`
      update tripgrid.callbacks set delivered_at = clock_timestamp(), given_up_at = null, last_error = null, unfinished = 0
      where batch_id = ${id} and delivered_at is null`;
  });
}

/**
 * Records that an attempt has failed.
 *
 * @param retryInMs time until the next attempt; undefined: there is none
 */
export async function recordFailure(
  sql: Sql,
  { id, attempt }: Made,
  { error }: Pick<FailedAttempt, "error">,
  retryInMs: number | undefined,
): Promise<void> {
  const isLast = retryInMs === undefined;
  await translateErrors(async () => {
    await sql`
      update tripgrid.callbacks
      set last_error = ${error}, unfinished = 0,
          given_up_at = case when ${isLast} then clock_timestamp() end,
          next_attempt_at = case when ${isLast} then next_attempt_at
                                 else clock_timestamp() + make_interval(secs => ${(retryInMs ?? 0) / 1000}) end
      where batch_id = ${id} and attempts = ${attempt} and delivered_at is null`;
  });
}
