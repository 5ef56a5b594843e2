import type { Batch, Receipt, RowVerdict } from "../batch.ts";
import { AppError } from "../errors.ts";
import { isAway, type Sql, type Transaction, translateErrors } from "./client.ts";
import { ensurePartitions, type KnownPartitions } from "./ensure-partitions.ts";
import { findBatch } from "./find-batch.ts";
import { insertTrips } from "./insert-trips.ts";

/** Deadlock, serialization failure, and a partition that was there when we looked and is gone. */
const WORTH_ANOTHER_TRY = ["40P01", "40001", "23514"];
const TRIES = 5;

/**
 * Stores a batch: the good rows, the rejected ones, the receipt and the idempotency key, in one transaction that has
 * been committed when this returns. A batch whose key was used before stores nothing and gives the earlier receipt.
 *
 * @throws AppError idempotency_key_reused if the key belongs to another request; database_unavailable
 */
export async function loadTrips(sql: Sql, known: KnownPartitions, batch: Batch): Promise<Receipt> {
  return translateErrors(async () => {
    for (let attempt = 1; ; attempt++) {
      try {
        await ensurePartitions(
          sql,
          known,
          batch.trips.map(({ trip }) => trip.startedAt),
        );
        return await sql.begin((tx) => store(tx, batch));
      } catch (error) {
        const { code = "" } = error as { code?: string };
        if (isAway(code) && !WORTH_ANOTHER_TRY.includes(code)) throw unknownOutcome(error);
        if (attempt === TRIES || !WORTH_ANOTHER_TRY.includes(code)) throw error;
        if (code === "23514") known.clear();
        await new Promise((resolve) => setTimeout(resolve, Math.random() * 50 * attempt));
      }
    }
  });
}

/** A connection can be lost between the commit and its answer, so nothing is claimed of what became of the batch. */
function unknownOutcome(cause: unknown): AppError {
  const detail =
    "The connection to the database was lost, or cannot be made. Whether the batch was stored is not known: send it again with the same Idempotency-Key.";
  return new AppError("database_unavailable", detail, {}, { cause, retryAfterSeconds: 2 });
}

async function store(tx: Transaction, batch: Batch): Promise<Receipt> {
  const earlier = await claimKey(tx, batch);
  if (earlier) return replay(tx, batch, earlier);
  const inserted = await insertTrips(tx, batch.trips);
  const counts = {
    received: batch.received,
    inserted: inserted.size,
    duplicates: batch.trips.length - inserted.size,
    rejected: batch.rejected.length,
  };
  const verdicts = batch.withVerdicts ? verdictsOf(batch, inserted) : null;
  await tx`
    insert into tripgrid.batches ${tx({
      batch_id: batch.batchId,
      state: "committed",
      mapping: batch.mapping,
      ...counts,
      columns: batch.columns ?? null,
      // As text: a fault's detail may quote what the sender wrote.
      verdicts: verdicts === null ? null : (tx.json(verdicts as never) as never),
      committed_at: tx`clock_timestamp()` as never,
    })}`;
  await insertRejected(tx, batch);
  const receipt = await findBatch(tx, batch.batchId);
  if (!receipt) throw new Error(`batch ${batch.batchId} is not there right after it was stored`);
  return receipt;
}

/**
 * Takes the key for this batch. If another transaction holds it, this waits for that one's end: one of two equal
 * requests does the work.
 *
 * @returns what the key was used for before, if it was
 */
async function claimKey(tx: Transaction, batch: Batch): Promise<{ batch_id: string; digest: Uint8Array } | undefined> {
  if (!batch.idempotency) return undefined;
  const { key, digest } = batch.idempotency;
  const claimed = await tx`
    insert into tripgrid.idempotency_keys (key, digest, batch_id) values (${key}, ${digest}, ${batch.batchId})
    on conflict (key) do nothing returning 1`;
  if (claimed.length > 0) return undefined;
  const [earlier] = await tx<{ batch_id: string; digest: Uint8Array }[]>`
    select batch_id, digest from tripgrid.idempotency_keys where key = ${key}`;
  return earlier;
}

async function replay(
  tx: Transaction,
  batch: Batch,
  earlier: { batch_id: string; digest: Uint8Array },
): Promise<Receipt> {
  const digest = batch.idempotency?.digest;
  if (!digest || Buffer.compare(digest, earlier.digest) !== 0) {
    throw new AppError(
      "idempotency_key_reused",
      "This Idempotency-Key was used before, for a request with another body or other parameters.",
      { batch_id: earlier.batch_id },
    );
  }
  const receipt = await findBatch(tx, earlier.batch_id);
  if (!receipt) throw new Error(`the batch ${earlier.batch_id} of an idempotency key is gone`);
  return receipt;
}

async function insertRejected(tx: Transaction, batch: Batch): Promise<void> {
  if (batch.rejected.length === 0) return;
  await tx`
    insert into tripgrid.rejected_rows (batch_id, row, trip_id, source, problems, record)
    select ${batch.batchId}, * from unnest(
      ${batch.rejected.map((r) => r.row)}::int[],
      ${batch.rejected.map((r) => r.tripId ?? null)}::text[],
      ${batch.rejected.map((r) => r.source ?? null)}::text[],
      ${batch.rejected.map((r) => JSON.stringify(r.problems))}::text[]::jsonb[],
      ${batch.rejected.map((r) => r.record)}::text[])`;
}

function verdictsOf(batch: Batch, inserted: ReadonlySet<number>): RowVerdict[] {
  const good = batch.trips.map(
    ({ row, trip }): RowVerdict => ({
      row,
      trip_id: trip.tripId,
      verdict: inserted.has(row) ? "inserted" : "duplicate",
      problems: [],
    }),
  );
  const rejected = batch.rejected.map(
    (r): RowVerdict => ({
      row: r.row,
      trip_id: r.tripId ?? null,
      verdict: "rejected",
      problems: r.problems,
    }),
  );
  return [...good, ...rejected].sort((a, b) => a.row - b.row);
}
