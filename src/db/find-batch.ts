import { type Progress, REJECTS_IN_RECEIPT, type Receipt } from "../batch.ts";
import { type Sql, type Transaction, translateErrors } from "./client.ts";

type Row = Omit<Receipt, "verdicts" | "error" | "progress"> & {
  verdicts: Receipt["verdicts"] | null;
  error: Receipt["error"] | null;
  progress: Progress | null;
};

/** The receipt of a batch, with its first rejects; undefined if there is no such batch. */
export async function findBatch(sql: Sql | Transaction, batchId: string): Promise<Receipt | undefined> {
  const [receipt] = await findBatches(sql, [batchId]);
  return receipt;
}

/** The receipts of batches, in no order; ids that are not known are left out. */
export async function findBatches(sql: Sql | Transaction, batchIds: readonly string[]): Promise<Receipt[]> {
  return translateErrors(async () => {
    const rows = await (sql as Sql)<Row[]>`
      select batch_id, state, mapping, received, inserted, duplicates, rejected,
             case when rejected = 0 then '[]'::jsonb else
             coalesce((select jsonb_agg(jsonb_build_object('row', row, 'trip_id', trip_id, 'field', problems -> 0 -> 'field',
                                                           'code', problems -> 0 -> 'code', 'detail', problems -> 0 -> 'detail')
                                        order by row)
                       from (select * from tripgrid.rejected_rows r where r.batch_id = b.batch_id
                             order by row limit ${REJECTS_IN_RECEIPT}) first), '[]') end as rejects,
             verdicts, error, created_at, committed_at,
             case when state in ('queued', 'running') then jsonb_build_object(
               'bytes', bytes, 'bytes_done', bytes_done,
               'rows_per_second', coalesce(round((received / nullif(seconds, 0))::numeric, 1), 0),
               'seconds_left', round((seconds * (bytes - bytes_done) / nullif(bytes_done, 0))::numeric)) end as progress
      from tripgrid.batches b
      cross join lateral (select extract(epoch from clock_timestamp() - started_at)::float8) elapsed (seconds)
      where batch_id = any (${batchIds as string[]}::uuid[])`;
    return rows.map(({ verdicts, error, progress, ...receipt }) => ({
      ...receipt,
      ...(verdicts ? { verdicts } : {}),
      ...(error ? { error } : {}),
      ...(progress ? { progress } : {}),
    }));
  });
}
