import { REJECTS_IN_RECEIPT, type Receipt } from "../batch.ts";
import { type Sql, type Transaction, translateErrors } from "./client.ts";

/** The receipt of a batch, with its first rejects; undefined if there is no such batch. */
export async function findBatch(sql: Sql | Transaction, batchId: string): Promise<Receipt | undefined> {
  return translateErrors(async () => {
    const [batch] = await (sql as Sql)<
      (Receipt & { verdicts: Receipt["verdicts"] | null; error: Receipt["error"] | null })[]
    >`
      select batch_id, state, mapping, received, inserted, duplicates, rejected,
             coalesce((select jsonb_agg(jsonb_build_object('row', row, 'trip_id', trip_id, 'field', problems -> 0 -> 'field',
                                                           'code', problems -> 0 -> 'code', 'detail', problems -> 0 -> 'detail')
                                        order by row)
                       from (select * from tripgrid.rejected_rows r where r.batch_id = b.batch_id
                             order by row limit ${REJECTS_IN_RECEIPT}) first), '[]') as rejects,
             verdicts, error, created_at, committed_at
      from tripgrid.batches b where batch_id = ${batchId}`;
    if (!batch) return undefined;
    const { verdicts, error, ...receipt } = batch;
    return { ...receipt, ...(verdicts ? { verdicts } : {}), ...(error ? { error } : {}) };
  });
}
