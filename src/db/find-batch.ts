import { type Problem, type Progress, REJECTS_IN_RECEIPT, type Receipt, type RowVerdict } from "../batch.ts";
import { type Sql, type Transaction, translateErrors } from "./client.ts";
import { rejectOf } from "./receipt.ts";

type Row = Omit<Receipt, "rejects" | "verdicts" | "error" | "progress"> & {
  rejects: [row: number, tripId: string | null, problem: Problem][] | null;
  verdicts: RowVerdict[] | null;
  error: Receipt["error"] | null;
  progress: Progress | null;
};

/** The receipt of a batch, with its first rejects; undefined if there is no such batch. */
export async function findBatch(sql: Sql | Transaction, batchId: string): Promise<Receipt | undefined> {
  const [receipt] = await findBatches(sql, [batchId]);
  return receipt;
}

/** The receipts of batches, in no order; ids that are not known are left out. The verdicts on 50,000 rows take 5 MB. */
export async function findBatches(
  sql: Sql | Transaction,
  batchIds: readonly string[],
  withVerdicts = true,
): Promise<Receipt[]> {
  return translateErrors(async () => {
    const rows = await (sql as Sql)<Row[]>`
      select batch_id, state, mapping, received, inserted, duplicates, rejected,
             case when rejected > 0 then
               (select jsonb_agg(jsonb_build_array(row, trip_id, problems -> 0) order by row)
                from (select * from tripgrid.rejected_rows r where r.batch_id = b.batch_id
                      order by row limit ${REJECTS_IN_RECEIPT}) first) end as rejects,
             created_at, committed_at, case when ${withVerdicts} then verdicts end as verdicts, error,
             case when state in ('queued', 'running') then jsonb_build_object(
               'bytes', bytes, 'bytes_done', bytes_done,
               'rows_per_second', coalesce(round((received / nullif(busy_seconds, 0))::numeric, 1), 0),
               'seconds_left', round((busy_seconds * (bytes - bytes_done) / nullif(bytes_done, 0))::numeric))
             end as progress
      from tripgrid.batches b
      where batch_id = any (${batchIds as string[]}::uuid[])`;
    return rows.map(({ rejects, created_at, committed_at, verdicts, error, progress, ...counts }) => ({
      ...counts,
      rejects: (rejects ?? []).map(([row, tripId, problem]) => rejectOf(row, tripId, problem)),
      created_at,
      committed_at,
      // The database sorts the members of an object; here they stand as they do right after a batch was stored.
      ...(verdicts ? { verdicts: verdicts.map(inOrder) } : {}),
      ...(error ? { error: { code: error.code, detail: error.detail } } : {}),
      ...(progress ? { progress } : {}),
    }));
  });
}

const inOrder = ({ row, trip_id, verdict, problems }: RowVerdict): RowVerdict => ({
  row,
  trip_id,
  verdict,
  problems: problems.map(({ field, code, detail }) => ({ field, code, detail })),
});
