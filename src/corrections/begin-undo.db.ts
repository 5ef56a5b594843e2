import { findBatch } from "../batches/find-batch.db.ts";
import type { BatchState, Receipt } from "../batches/receipt.ts";
import { type Sql, type Transaction, translateErrors } from "../database/client.ts";
import { AppError } from "../errors.ts";
import { lockAllCorrections } from "../storage/corrections-lock.db.ts";

/**
 * Marks a batch as one to be undone. Its content, its file and its idempotency key may come again from now on. A batch
 * that is marked already stays as it is.
 *
 * @returns its receipt; undefined if there is no such batch
 * @throws AppError batch_in_progress, week_retired
 */
export async function beginUndo(sql: Sql, batchId: string, by: string | null): Promise<Receipt | undefined> {
  await translateErrors(() => sql.begin((tx) => mark(tx, batchId, by)));
  return findBatch(sql, batchId);
}

async function mark(tx: Transaction, batchId: string, by: string | null): Promise<void> {
  // An undo of another batch must not hand a trip over to this one meanwhile.
  await lockAllCorrections(tx);
  const [batch] = await tx<{ state: BatchState; closed: string | null; closed_before: string }[]>`
    select state, (select min(w) from unnest(weeks) w where w < s.closed_before)::text as closed,
           case when isfinite(s.closed_before) then s.closed_before end as closed_before
    from tripgrid.batches b, tripgrid.settings s where batch_id = ${batchId} for update of b`;
  if (!batch || batch.state === "undoing" || batch.state === "undone") return;
  if (batch.state === "queued" || batch.state === "running") {
    throw new AppError("batch_in_progress", `The batch is ${batch.state}: it can be undone once it is done.`);
  }
  if (batch.closed !== null) {
    const detail = `The batch brought trips to the week of ${batch.closed}. Weeks before ${batch.closed_before} do not change any more, so it cannot be undone.`;
    throw new AppError("week_retired", detail, { closed_before: batch.closed_before });
  }
  await tx`
    update tripgrid.batches
    set state = 'undoing', claim = null, change_id = nextval('tripgrid.batch_changes'),
        undone = jsonb_build_object('by', ${by}::text, 'at', clock_timestamp(), 'removed', 0, 'kept', 0,
                                    'sources', '[]'::jsonb, 'regions', '[]'::jsonb)
    where batch_id = ${batchId}`;
  await tx`update tripgrid.imports set claim = null where batch_id = ${batchId}`;
  await tx`delete from tripgrid.idempotency_keys where batch_id = ${batchId}`;
}

/** Batches whose undo has begun, and has not gone on for half a minute. */
export async function undosLeft(sql: Sql): Promise<string[]> {
  const rows = await sql<{ batch_id: string }[]>`
    select batch_id from tripgrid.batches
    where state = 'undoing' and coalesce((undone ->> 'beat')::timestamptz, (undone ->> 'at')::timestamptz) < clock_timestamp() - interval '30 seconds'`;
  return rows.map(({ batch_id }) => batch_id);
}
