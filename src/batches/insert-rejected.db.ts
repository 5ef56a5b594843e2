import type { Transaction } from "../database/client.ts";
import type { RejectedRow } from "./batch.ts";

/** Rows of one statement. Turning their problems into JSON should take a few milliseconds at a time. */
const ROWS_AT_ONCE = 2000;

/** Stores rows that are not trips, with their reasons, until they are mended. */
export async function insertRejected(
  tx: Transaction,
  rows: readonly ({ batchId: string } & RejectedRow)[],
): Promise<void> {
  for (let at = 0; at < rows.length; at += ROWS_AT_ONCE) await insert(tx, rows.slice(at, at + ROWS_AT_ONCE));
}

async function insert(tx: Transaction, rows: readonly ({ batchId: string } & RejectedRow)[]): Promise<void> {
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
