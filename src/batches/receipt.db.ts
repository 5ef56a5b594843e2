import type { Batch, ClassifiedRows } from "./batch.ts";
import type { Capped } from "./cap-rejected.db.ts";
import {
  type Problem,
  REJECTS_IN_RECEIPT,
  type Receipt,
  type Reject,
  type RowVerdict,
  type Warning,
} from "./receipt.ts";

/** What a receipt tells of a batch. Its good rows may be something else than trips. */
type StoredBatch = Pick<Batch, "batchId" | "mapping" | "source" | "received" | "rejected" | "format"> & {
  trips: readonly unknown[];
};

/** The rows of a batch that can be trips or something else with an id. */
interface IdentifiedRows extends Pick<ClassifiedRows, "rejected"> {
  trips: readonly { row: number; trip: { tripId: string } }[];
}

/** The receipt of a batch that has just been stored. It equals the one that `findBatch` reads. */
export function receiptOf(stored: {
  batch: StoredBatch;
  inserted: number;
  verdicts: RowVerdict[] | undefined;
  capped: Capped;
  warnings?: StoredWarnings | undefined;
  created_at?: string;
  committed_at?: string;
}): Receipt {
  const { batch, inserted, verdicts } = stored;
  return {
    batch_id: batch.batchId,
    state: "committed",
    mapping: batch.mapping,
    ...(batch.source ? { source: batch.source } : {}),
    received: batch.received,
    inserted,
    duplicates: batch.trips.length - inserted,
    rejected: batch.rejected.length,
    rejects: stored.capped.kept
      .slice(0, REJECTS_IN_RECEIPT)
      .map(({ row, tripId, problems }) => rejectOf(row, tripId ?? null, problems[0])),
    ...warningsOf(stored.warnings),
    created_at: stored.created_at ?? "",
    committed_at: stored.committed_at ?? null,
    ...droppedOf(batch.rejected.length, stored.capped.byReason),
    ...(verdicts ? { verdicts } : {}),
    ...(batch.format && Object.keys(batch.format).length > 0 ? { format: batch.format } : {}),
  };
}

/** Warnings by code, as they are stored. */
export type StoredWarnings = Record<string, Omit<Warning, "code">>;

/** The warnings of a receipt, in the order of their codes. Empty: there are none. */
export function warningsOf(warnings: StoredWarnings | null | undefined): Pick<Receipt, "warnings"> {
  if (!warnings || Object.keys(warnings).length === 0) return {};
  const all = Object.entries(warnings).map(([code, { rows, detail }]) => ({ code, rows, detail }) as Warning);
  return { warnings: all.sort((a, b) => (a.code < b.code ? -1 : 1)) };
}

/** The members of a receipt about rejected rows that are not kept. Empty: all are kept. */
export function droppedOf(
  rejected: number,
  byReason: Record<string, number> | undefined | null,
): Pick<Receipt, "rejects_kept" | "rejects_dropped"> {
  if (!byReason) return {};
  const dropped = Object.values(byReason).reduce((sum, rows) => sum + rows, 0);
  return { rejects_kept: rejected - dropped, rejects_dropped: byReason };
}

/** A rejected row as receipts list it, with its first fault. */
export function rejectOf(row: number, tripId: string | null, { field, code, detail }: Problem): Reject {
  return { row, trip_id: tripId, field, code, detail };
}

/** The verdict on each row, in the order of the rows. */
export function verdictsOf({ trips, rejected }: IdentifiedRows, inserted: ReadonlySet<number>): RowVerdict[] {
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
