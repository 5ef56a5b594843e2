import type { Chunk } from "../batch.ts";
import { type Sql, translateErrors } from "./client.ts";
import { withoutClosed } from "./closed-weeks.ts";
import { insertRejected } from "./insert-rejected.ts";
import { insertTrips } from "./insert-trips.ts";
import { verdictsOf } from "./receipt.ts";
import { inTransaction, type Store } from "./store.ts";

/** `verdicts=all` lists so many rows: more would not fit one value of the database. */
const MAX_VERDICTS = 50_000;

const firstRow = ({ trips, rejected }: Chunk) => Math.min(trips[0]?.row ?? Infinity, rejected[0]?.row ?? Infinity);

/** Marks a batch as worked on. */
export async function startBatch(sql: Sql, batchId: string): Promise<void> {
  await translateErrors(
    () => sql`
      update tripgrid.batches
      set state = 'running', started_at = coalesce(started_at, now()), change_id = nextval('tripgrid.batch_changes')
      where batch_id = ${batchId} and state = 'queued'`,
  );
}

/** Keeps how the rows of a batch become trips, once its first rows were looked at. */
export async function keepMapping(
  sql: Sql,
  batchId: string,
  mapping: { name: string; definition: unknown },
  columns: string[] | undefined,
): Promise<void> {
  const kept = mapping.definition === undefined ? "{}" : JSON.stringify({ definition: mapping.definition });
  await translateErrors(
    () => sql`
      update tripgrid.batches
      set mapping = ${mapping.name}, columns = ${columns ?? null}, request = request || ${kept}::text::jsonb
      where batch_id = ${batchId}`,
  );
}

/**
 * Stores a chunk of a batch and counts it, in one transaction that has been committed when this returns. A chunk that is
 * stored already changes nothing.
 *
 * @throws AppError database_unavailable
 */
export async function storeChunk(store: Store, sent: Chunk): Promise<void> {
  const times = sent.trips.map(({ trip }) => trip.startedAt);
  await inTransaction(store, times, async (tx) => {
    const [taken] = await tx`
      insert into tripgrid.batch_chunks (batch_id, chunk, rows, end_byte)
      select ${sent.batchId}, ${sent.chunk}, ${sent.received}, ${sent.endByte} from tripgrid.batches
      where batch_id = ${sent.batchId} and state = 'running'
      on conflict (batch_id, chunk) do nothing returning 1`;
    if (!taken) return;
    const { inserted, closed } = await insertTrips(tx, sent.trips, store.memory);
    const chunk = withoutClosed(sent, closed, store.memory);
    await insertRejected(
      tx,
      chunk.rejected.map((row) => ({ batchId: chunk.batchId, ...row })),
    );
    if (chunk.withVerdicts && firstRow(chunk) <= MAX_VERDICTS) {
      await tx`
        update tripgrid.batch_chunks set verdicts = ${JSON.stringify(verdictsOf(chunk, inserted))}::text::jsonb
        where batch_id = ${chunk.batchId} and chunk = ${chunk.chunk}`;
    }
    // Last, since the chunks of a batch wait here for each other.
    const counted = await tx`
      update tripgrid.batches
      set received = received + ${chunk.received}, inserted = inserted + ${inserted.size},
          duplicates = duplicates + ${chunk.trips.length - inserted.size},
          rejected = rejected + ${chunk.rejected.length},
          bytes_done = greatest(bytes_done, ${chunk.bytesDone}), busy_seconds = busy_seconds + ${chunk.busySeconds},
          change_id = nextval('tripgrid.batch_changes')
      where batch_id = ${chunk.batchId} and state = 'running' returning 1`;
    // Another worker has stored all of the batch, this chunk too, and ended it.
    if (counted.length === 0) throw new Error(`the batch ${chunk.batchId} has ended meanwhile`);
  });
}

/**
 * Ends a batch of which every row is stored or rejected; its payload goes.
 *
 * @param error what kept a batch from being read at all, or to its end
 */
export async function finishBatch(
  sql: Sql,
  batchId: string,
  error: { code: string; detail: string } | undefined,
): Promise<void> {
  await translateErrors(() =>
    sql.begin(async (tx) => {
      const [open] = await tx`
        select 1 from tripgrid.batches where batch_id = ${batchId} and state in ('queued', 'running') for update`;
      if (!open) return;
      await tx`
        update tripgrid.batches b
        set state = ${error ? "failed" : "committed"}, error = ${error ? JSON.stringify({ ...error, at: new Date().toISOString() }) : null}::text::jsonb,
            committed_at = ${error ? null : tx`clock_timestamp()`}, bytes_done = bytes,
            mapping = coalesce(mapping, request ->> 'mapping', 'native'),
            verdicts = (select jsonb_agg(v order by (v ->> 'row')::int) from tripgrid.batch_chunks c,
                        jsonb_array_elements(c.verdicts) v where c.batch_id = b.batch_id),
            change_id = nextval('tripgrid.batch_changes')
        where batch_id = ${batchId}`;
      await tx`delete from tripgrid.batch_chunks where batch_id = ${batchId}`;
      // What could be read but not stored is kept, for whoever finds out why.
      if (error?.code !== "internal") await tx`delete from tripgrid.payload_parts where batch_id = ${batchId}`;
      if (!error) return;
      // The same content, or the same key, may be tried again.
      await tx`update tripgrid.imports set claim = null where batch_id = ${batchId}`;
      await tx`delete from tripgrid.idempotency_keys where batch_id = ${batchId}`;
    }),
  );
}
