import { REJECT_LIMITS, type RejectLimits } from "../batches/batch.ts";
import { type Capped, capRejected, jsonOf, type KeptBefore } from "../batches/cap-rejected.db.ts";
import { insertRejected } from "../batches/insert-rejected.db.ts";
import { verdictsOf } from "../batches/receipt.db.ts";
import { tallyRows } from "../batches/row-tally.ts";
import type { Chunk } from "../batches/work.ts";
import { type Sql, type Transaction, translateErrors } from "../database/client.ts";
import { withoutClosed } from "../storage/closed-weeks.db.ts";
import { datesOf, type Inserted, insertTrips } from "../storage/insert-trips.db.ts";
import { addedWarnings, warningsOn } from "../storage/row-warnings.db.ts";
import { countedTransaction, type Store } from "../storage/trip-transaction.db.ts";

/** `verdicts=all` lists this many rows. More would not fit into one value of the database. */
const MAX_VERDICTS = 50_000;

const firstRow = ({ trips, rejected }: Chunk) => Math.min(trips[0]?.row ?? Infinity, rejected[0]?.row ?? Infinity);

/** Marks a batch as running. */
export async function startBatch(sql: Sql, batchId: string): Promise<void> {
  await translateErrors(
    () => sql`
      update tripgrid.batches
      set state = 'running', started_at = coalesce(started_at, now()), change_id = nextval('tripgrid.batch_changes')
      where batch_id = ${batchId} and state = 'queued'`,
  );
}

/** Stores how the rows of a batch become trips, once its first rows are read. */
export async function keepMapping(
  sql: Sql,
  batchId: string,
  mapping: { name: string; definition: unknown; form: string; format: object; identity: string },
  columns: string[] | undefined,
): Promise<void> {
  const { form, definition, format, identity } = mapping;
  const kept = JSON.stringify({
    ...{ form, identity },
    ...(definition === undefined ? {} : { definition }),
    ...(Object.keys(format).length === 0 ? {} : { format }),
  });
  await translateErrors(
    () => sql`
      update tripgrid.batches
      set mapping = ${mapping.name}, columns = ${columns ?? null}, request = request || ${kept}::text::jsonb
      where batch_id = ${batchId}`,
  );
}

/**
 * Stores a chunk of a batch and counts it, in one transaction that is committed when this returns. A chunk that is
 * already stored changes nothing.
 *
 * @throws AppError database_unavailable
 */
export async function storeChunk(store: Store, sent: Chunk, limits = REJECT_LIMITS): Promise<void> {
  const times = sent.trips.map(({ trip }) => trip.startedAt);
  await countedTransaction(store, "chunk", times, async (tx) => {
    const [taken] = await tx`
      insert into tripgrid.batch_chunks (batch_id, chunk, rows, end_byte)
      select ${sent.batchId}, ${sent.chunk}, ${sent.received}, ${sent.endByte} from tripgrid.batches
      where batch_id = ${sent.batchId} and state = 'running'
      on conflict (batch_id, chunk) do nothing returning 1`;
    if (!taken) return { result: undefined, tallies: [] };
    const [done] = await insertTrips(tx, [sent], store.memory);
    const { inserted, closed, weeks } = done as Inserted;
    const [warnings = {}] = await warningsOn(tx, [{ ...sent, done: done as Inserted }], store.memory.names);
    const chunk = withoutClosed(sent, closed, store.memory);
    const capped = await keepRejected(tx, chunk, limits);
    if (chunk.withVerdicts && firstRow(chunk) <= MAX_VERDICTS) {
      await tx`
        update tripgrid.batch_chunks set verdicts = ${JSON.stringify(verdictsOf(chunk, inserted))}::text::jsonb
        where batch_id = ${chunk.batchId} and chunk = ${chunk.chunk}`;
    }
    // This comes last, since the chunks of a batch wait for each other here.
    const counted = await tx`
      update tripgrid.batches
      set received = received + ${chunk.received}, inserted = inserted + ${inserted.size},
          duplicates = duplicates + ${chunk.trips.length - inserted.size},
          rejected = rejected + ${chunk.rejected.length}, rejects_dropped = rejects_dropped + ${capped.dropped},
          rejects_bytes = rejects_bytes + ${capped.bytes},
          dropped_by_reason = coalesce(${jsonOf(capped.byReason)}::text::jsonb, dropped_by_reason),
          warnings = ${addedWarnings(tx, warnings)},
          weeks = array(select distinct w from unnest(weeks || ${datesOf(weeks)}::date[]) w order by w),
          bytes_done = greatest(bytes_done, ${chunk.bytesDone}), busy_seconds = busy_seconds + ${chunk.busySeconds},
          change_id = nextval('tripgrid.batch_changes')
      where batch_id = ${chunk.batchId} and state = 'running' returning 1`;
    // Another worker has stored all of the batch, this chunk too, and ended it.
    if (counted.length === 0) throw new Error(`the batch ${chunk.batchId} has ended meanwhile`);
    return { result: undefined, tallies: store.counts ? tallyRows(chunk, inserted) : [] };
  });
}

/** Inserts rejected rows up to the limits of the batch. Its other chunks wait, so each row is counted once. */
async function keepRejected(tx: Transaction, { batchId, rejected }: Chunk, limits: RejectLimits): Promise<Capped> {
  if (rejected.length === 0) return capRejected([], limits);
  const [before] = await tx<KeptBefore[]>`
    select rejected - rejects_dropped as rows, rejects_bytes as bytes, dropped_by_reason as by_reason
    from tripgrid.batches where batch_id = ${batchId} for update`;
  const capped = capRejected(rejected, limits, before);
  await insertRejected(
    tx,
    capped.kept.map((row) => ({ batchId, ...row })),
  );
  return capped;
}

/**
 * Ends a batch and removes its payload. Without an error every row is stored or rejected.
 *
 * @param error why the batch could not be read at all, or not to its end
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
            claim = null, committed_at = ${error ? null : tx`clock_timestamp()`}, bytes_done = bytes,
            mapping = coalesce(mapping, request ->> 'mapping', 'native'),
            verdicts = (select jsonb_agg(v order by (v ->> 'row')::int) from tripgrid.batch_chunks c,
                        jsonb_array_elements(c.verdicts) v where c.batch_id = b.batch_id),
            change_id = nextval('tripgrid.batch_changes')
        where batch_id = ${batchId}`;
      await tx`delete from tripgrid.batch_chunks where batch_id = ${batchId}`;
      // A payload that could be read but not stored, or that ended a process, is kept for inspection.
      if (error?.code !== "internal" && error?.code !== "poison")
        await tx`delete from tripgrid.payload_parts where batch_id = ${batchId}`;
      if (!error) return;
      // The same content, or the same key, may be tried again.
      await tx`update tripgrid.imports set claim = null where batch_id = ${batchId}`;
      await tx`delete from tripgrid.idempotency_keys where batch_id = ${batchId}`;
    }),
  );
}
