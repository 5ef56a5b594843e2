import {
  type Batch,
  type Problem,
  REJECTS_IN_RECEIPT,
  type Receipt,
  type Reject,
  type RowVerdict,
  type SortedRows,
} from "../batch.ts";

/** The receipt of a batch that has just been stored; equal to what `findBatch` reads. */
export function receiptOf(stored: {
  batch: Batch;
  inserted: number;
  verdicts: RowVerdict[] | undefined;
  created_at?: string;
  committed_at?: string;
}): Receipt {
  const { batch, inserted, verdicts } = stored;
  return {
    batch_id: batch.batchId,
    state: "committed",
    mapping: batch.mapping,
    received: batch.received,
    inserted,
    duplicates: batch.trips.length - inserted,
    rejected: batch.rejected.length,
    rejects: batch.rejected
      .slice(0, REJECTS_IN_RECEIPT)
      .map(({ row, tripId, problems }) => rejectOf(row, tripId ?? null, problems[0])),
    created_at: stored.created_at ?? "",
    committed_at: stored.committed_at ?? null,
    ...(verdicts ? { verdicts } : {}),
  };
}

/** A rejected row as receipts list it, with its first fault. */
export function rejectOf(row: number, tripId: string | null, { field, code, detail }: Problem): Reject {
  return { row, trip_id: tripId, field, code, detail };
}

/** The verdict on each row, in the order of the rows. */
export function verdictsOf({ trips, rejected }: SortedRows, inserted: ReadonlySet<number>): RowVerdict[] {
  const good = trips.map(
    ({ row, trip }): RowVerdict => ({
      row,
      trip_id: trip.tripId,
      verdict: inserted.has(row) ? "inserted" : "duplicate",
      problems: [],
    }),
  );
  const bad = rejected.map(
    ({ row, tripId, problems }): RowVerdict => ({
      row,
      trip_id: tripId ?? null,
      verdict: "rejected",
      problems: problems.map(({ field, code, detail }) => ({ field, code, detail })),
    }),
  );
  return [...good, ...bad].sort((a, b) => a.row - b.row);
}
