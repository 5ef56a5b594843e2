import type { Sql, Transaction } from "../database/client.ts";
import { inTransaction, type Store } from "../storage/trip-transaction.db.ts";

interface Found {
  id: string;
  seen_at: string;
}

/**
 * Removes the detections of a batch that is being undone, some at a time, from the counts too. Whatever ends it midway,
 * it can be called again: what is removed stays removed.
 *
 * They are found between the instants at which the batch saw the first and the last one, in the order of the time, so
 * that no index on the batch is needed and the time between is read once.
 *
 * @returns whether none is left; false: it was told to stop
 */
export async function undoDetections(
  store: Store,
  batchId: string,
  signal: Pick<AbortSignal, "aborted">,
  rowsAStep: number,
): Promise<boolean> {
  const [batch] = await store.sql<{ number: number; first: string | null; last: string | null }[]>`
    select number, (request -> 'seen' ->> 'first')::timestamptz as first, (request -> 'seen' ->> 'last')::timestamptz as last
    from tripgrid.batches where batch_id = ${batchId}`;
  if (!batch || batch.first === null || batch.last === null) return true;
  await unpackDetections(store.patientSql, batch.first, batch.last);
  for (let from = batch.first; ; ) {
    if (signal.aborted) return false;
    const found: Found[] = await store.patientSql<Found[]>`
      select id, seen_at from tripgrid.detections
      where batch = ${batch.number} and seen_at between ${from}::timestamptz and ${batch.last}::timestamptz
      order by seen_at, id limit ${rowsAStep}`;
    if (found.length === 0) return true;
    from = found.at(-1)?.seen_at ?? from;
    await inTransaction(store, [], (tx) => removeSome(tx, batchId, found));
  }
}

async function removeSome(tx: Transaction, batchId: string, found: readonly Found[]): Promise<void> {
  // Another process that undoes the same batch waits, so that both count what they removed.
  const [batch] = await tx<{ number: number }[]>`
    select number from tripgrid.batches where batch_id = ${batchId} and state = 'undoing' for update`;
  if (!batch) return;
  await tx`
    update tripgrid.batches
    set change_id = nextval('tripgrid.batch_changes'),
        undone = undone || jsonb_build_object(
          'beat', clock_timestamp(),
          'removed', (undone ->> 'removed')::int + tripgrid_internal.remove_detections(
            number, ${found.map(({ id }) => id)}::uuid[], ${found.map(({ seen_at }) => seen_at)}::timestamptz[]))
    where batch_id = ${batchId}`;
}

/** Its own transaction may take as long as it needs. @throws an error 55P03 if others keep the chunks too long */
async function unpackDetections(sql: Sql, first: string, last: string): Promise<void> {
  await sql.begin(async (tx) => {
    await tx`select set_config('statement_timeout', '0', true), set_config('lock_timeout', '10s', true)`;
    await tx`select tripgrid_internal.unpack_detections(${first}::timestamptz, ${last}::timestamptz)`;
  });
}
