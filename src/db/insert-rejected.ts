import type { RejectedRow } from "../batch.ts";
import type { Transaction } from "./client.ts";

/** Keeps rows that are not trips, with their reasons, until somebody mends them. */
export async function insertRejected(
  tx: Transaction,
  rows: readonly ({ batchId: string } & RejectedRow)[],
): Promise<void> {
  if (rows.length === 0) return;
  await tx`
    insert into tripgrid.rejected_rows (batch_id, row, trip_id, source, problems, record)
    select * from unnest(
      ${rows.map((r) => r.batchId)}::uuid[],
      ${rows.map((r) => r.row)}::int[],
      ${rows.map((r) => r.tripId ?? null)}::text[],
      ${rows.map((r) => r.source ?? null)}::text[],
      ${rows.map((r) => JSON.stringify(r.problems))}::text[]::jsonb[],
      ${rows.map((r) => r.record)}::text[])`;
}
