import type { RejectedRow } from "../batches/batch.ts";
import { findBatch } from "../batches/find-batch.db.ts";
import type { BatchState, RowVerdict } from "../batches/receipt.ts";
import {
  type BatchToMend,
  isFinal,
  type MendedReceipt,
  type MendedRows,
  NOT_REJECTED_LISTED,
  notFinal,
} from "../batches/rejects.ts";
import { type SourceTally, tallyRows } from "../batches/row-tally.ts";
import { type Sql, type Transaction, translateErrors } from "../database/client.ts";
import { AppError } from "../errors.ts";
import { withoutClosed } from "../storage/closed-weeks.db.ts";
import { datesOf, type Inserted, insertTrips } from "../storage/insert-trips.db.ts";
import { inTransaction, type Store } from "../storage/trip-transaction.db.ts";

/** The data needed to mend the rows of a batch. Undefined: the batch does not exist. */
export async function findBatchToResubmit(sql: Sql, batchId: string): Promise<BatchToMend | undefined> {
  return translateErrors(async () => {
    const [batch] = await sql<({ [K in keyof BatchToMend]: BatchToMend[K] | null } & { subject: string })[]>`
      select subject, state, mapping, columns, case request ->> 'identity' when 'row' then 'row' else 'content' end as identity,
             request ->> 'source' as source, request -> 'format' as format
      from tripgrid.batches where batch_id = ${batchId}`;
    if (!batch) return undefined;
    const { columns, source, format, subject, ...rest } = batch;
    if (subject !== "trips") {
      const detail = `The batch brought ${subject}: send mended rows to POST /v1/${subject}.`;
      throw new AppError("no_mapping", detail);
    }
    return {
      ...(rest as BatchToMend),
      ...{ columns: columns ?? undefined, source: source ?? undefined, format: format ?? undefined },
    };
  });
}

/**
 * Moves mended rows of a batch from its rejected rows to its inserted ones or duplicates, in one transaction that is
 * committed when this returns. Rows that are still faulty are kept as they are now. A row that is not rejected, or was
 * mended by another request meanwhile, stays as it is.
 *
 * @throws AppError not_found, batch_in_progress, database_unavailable
 */
export async function storeResubmitted(store: Store, mended: MendedRows): Promise<MendedReceipt> {
  const times = mended.trips.map(({ trip }) => trip.startedAt);
  const { receipt, tallies } = await inTransaction(store, times, (tx) => moveRows(tx, store, mended));
  store.counts?.stored(tallies);
  return receipt;
}

async function moveRows(
  tx: Transaction,
  { memory }: Store,
  mended: MendedRows,
): Promise<{ receipt: MendedReceipt; tallies: SourceTally[] }> {
  const batch = await lockBatch(tx, mended.batchId);
  const there = await stillRejected(tx, mended);
  const still = {
    ...mended,
    trips: mended.trips.filter(({ row }) => there.has(row)),
    rejected: mended.rejected.filter(({ row }) => there.has(row)),
  };
  const gone = [...mended.trips, ...mended.rejected].map(({ row }) => row).filter((row) => !there.has(row));

  const [done] = await insertTrips(tx, [{ number: batch, trips: still.trips }], memory);
  const { inserted, closed, weeks } = done as Inserted;
  const { trips, rejected } = withoutClosed(still, closed, memory);
  const moved = trips.map(({ row }) => row);
  await tx`delete from tripgrid.rejected_rows where batch_id = ${mended.batchId} and row = any (${moved}::int[])`;
  await updateRejected(tx, mended.batchId, rejected);
  await updateBatch(tx, mended.batchId, { trips, rejected }, inserted, datesOf(weeks));

  const receipt = await findBatch(tx, mended.batchId);
  if (!receipt) throw new Error(`batch ${mended.batchId} is not there right after its rows were mended`);
  const counts = { inserted: inserted.size, duplicates: trips.length - inserted.size, rejected: rejected.length };
  const notRejected = [...mended.notRejected, ...gone].sort((a, b) => a - b);
  const listed = notRejected.slice(0, NOT_REJECTED_LISTED);
  return {
    receipt: { ...receipt, mended: { received: mended.received, ...counts, not_rejected: listed } },
    tallies: tallyRows({ trips, rejected }, inserted),
  };
}

/** Two requests with the same mended file run one after the other, so each row moves once. */
async function lockBatch(tx: Transaction, batchId: string): Promise<number> {
  const [batch] = await tx<{ state: BatchState; number: number }[]>`
    select state, number from tripgrid.batches where batch_id = ${batchId} for update`;
  if (!batch) throw new AppError("not_found", `There is no batch ${batchId}.`);
  if (!isFinal(batch.state)) throw notFinal(batch.state);
  return batch.number;
}

async function stillRejected(tx: Transaction, { batchId, trips, rejected }: MendedRows): Promise<Set<number>> {
  const rows = [...trips, ...rejected].map(({ row }) => row);
  const found = await tx<{ row: number }[]>`
    select row from tripgrid.rejected_rows where batch_id = ${batchId} and row = any (${rows}::int[])`;
  return new Set(found.map(({ row }) => row));
}

async function updateRejected(tx: Transaction, batchId: string, rejected: readonly RejectedRow[]): Promise<void> {
  if (rejected.length === 0) return;
  await tx`
    update tripgrid.rejected_rows r set trip_id = n.trip_id, source = n.source, problems = n.problems, record = n.record
    from unnest(
      ${rejected.map((r) => r.row)}::int[],
      ${rejected.map((r) => r.tripId ?? null)}::text[],
      ${rejected.map((r) => r.source ?? null)}::text[],
      ${rejected.map((r) => JSON.stringify(r.problems))}::text[]::jsonb[],
      ${rejected.map((r) => r.record)}::text[]) n (row, trip_id, source, problems, record)
    where r.batch_id = ${batchId} and r.row = n.row`;
}

async function updateBatch(
  tx: Transaction,
  batchId: string,
  { trips, rejected }: Pick<MendedRows, "trips" | "rejected">,
  inserted: ReadonlySet<number>,
  weeks: readonly string[],
): Promise<void> {
  const verdicts = [
    ...trips.map(
      ({ row, trip }): RowVerdict => ({
        row,
        trip_id: trip.tripId,
        verdict: inserted.has(row) ? "inserted" : "duplicate",
        problems: [],
      }),
    ),
    ...rejected.map(
      ({ row, tripId, problems }): RowVerdict => ({ row, trip_id: tripId ?? null, verdict: "rejected", problems }),
    ),
  ];
  if (verdicts.length === 0) return;
  await tx`
    update tripgrid.batches b set
      inserted = inserted + ${inserted.size}, duplicates = duplicates + ${trips.length - inserted.size},
      rejected = rejected - ${trips.length},
      weeks = array(select distinct w from unnest(weeks || ${weeks as string[]}::date[]) w order by w),
      columns = case when b.columns is not null then b.columns || array(
        select added from unnest(${newColumns(rejected)}::text[]) with ordinality c (added, n)
        where not added = any (b.columns) order by n) end,
      verdicts = case when b.verdicts is not null then (
        select jsonb_agg(coalesce(new.verdict, old.verdict) order by old.n)
        from jsonb_array_elements(b.verdicts) with ordinality old (verdict, n)
        left join unnest(
          ${verdicts.map(({ row }) => row)}::int[],
          ${verdicts.map((verdict) => JSON.stringify(verdict))}::text[]::jsonb[]) new (row, verdict)
        on new.row = (old.verdict -> 'row')::int) end,
      change_id = nextval('tripgrid.batch_changes')
    where batch_id = ${batchId}`;
}

/** The fields of the rows that stay rejected. New fields of a CSV are given back with the others from now on. */
function newColumns(rejected: readonly RejectedRow[]): string[] {
  const names = new Set<string>();
  for (const { record } of rejected) {
    if (record.startsWith("{")) for (const name of Object.keys(parsed(record))) names.add(name);
  }
  return [...names].filter((name) => name.isWellFormed() && !name.includes("\0"));
}

function parsed(record: string): object {
  try {
    return JSON.parse(record);
  } catch {
    return {};
  }
}
