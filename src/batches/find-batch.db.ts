import { type Sql, type Transaction, translateErrors } from "../database/client.ts";
import type { TextFormat } from "../text/text-format.ts";
import { droppedOf, rejectOf, warningsOf } from "./receipt.db.ts";
import {
  type Problem,
  type Progress,
  REJECTS_IN_RECEIPT,
  type Receipt,
  type RowVerdict,
  type TopicSource,
  type Warning,
} from "./receipt.ts";

type Row = Omit<
  Receipt,
  | "rejects"
  | "verdicts"
  | "error"
  | "progress"
  | "rejects_kept"
  | "rejects_dropped"
  | "source"
  | "format"
  | "warnings"
  | "undone"
> & {
  source: TopicSource | null;
  format: TextFormat | null;
  warnings: Record<string, Omit<Warning, "code">> | null;
  undone: Receipt["undone"] | null;
  dropped_by_reason: Record<string, number> | null;
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

/** Who sent a batch. Null: no credential was asked for. Undefined: there is no such batch. */
export async function findOwner(sql: Sql, batchId: string): Promise<string | null | undefined> {
  return translateErrors(async () => {
    const [row] = await sql<{ owner: string | null }[]>`
      select owner from tripgrid.batches where batch_id = ${batchId}`;
    return row?.owner;
  });
}

/** The receipts of batches, in no order. Unknown ids are left out. The verdicts on 50,000 rows take 5 MB. */
export async function findBatches(
  sql: Sql | Transaction,
  batchIds: readonly string[],
  withVerdicts = true,
): Promise<Receipt[]> {
  return translateErrors(async () => {
    const rows = await (sql as Sql)<Row[]>`
      select batch_id, state, mapping, source, received, inserted, duplicates, rejected, dropped_by_reason,
             case when rejected > 0 then
               (select jsonb_agg(jsonb_build_array(row, trip_id, problems -> 0) order by row)
                from (select * from tripgrid.rejected_rows r where r.batch_id = b.batch_id
                      order by row limit ${REJECTS_IN_RECEIPT}) first) end as rejects,
             created_at, committed_at, request -> 'format' as format, case when ${withVerdicts} then verdicts end as verdicts, error, warnings,
             case when state in ('undoing', 'undone') then undone end as undone,
             case when state in ('queued', 'running') then jsonb_build_object(
               'bytes', bytes, 'bytes_done', bytes_done,
               'rows_per_second', coalesce(round((received / nullif(busy_seconds, 0))::numeric, 1), 0),
               'seconds_left', round((busy_seconds * (bytes - bytes_done) / nullif(bytes_done, 0))::numeric))
             end as progress
      from tripgrid.batches b
      where batch_id = any (${batchIds as string[]}::uuid[])`;
    return rows.map(
      ({
        rejects,
        dropped_by_reason,
        created_at,
        committed_at,
        verdicts,
        format,
        error,
        progress,
        warnings,
        undone,
        source,
        ...counts
      }) => ({
        ...counts,
        rejects: (rejects ?? []).map(([row, tripId, problem]) => rejectOf(row, tripId, problem)),
        ...warningsOf(warnings),
        ...(undone ? { undone: undoneOf(undone) } : {}),
        created_at,
        committed_at,
        ...droppedOf(counts.rejected, dropped_by_reason),
        // The database sorts the members of an object. Here they get the order that they have right after a batch is
        // stored.
        ...(verdicts ? { verdicts: verdicts.map(inOrder) } : {}),
        ...(format ? { format } : {}),
        ...(error ? { error: { code: error.code, detail: error.detail } } : {}),
        ...(progress ? { progress } : {}),
        ...(source ? { source: sourceOf(source) } : {}),
      }),
    );
  });
}

const sourceOf = ({ topic, partition, first_position, last_position }: TopicSource): TopicSource => ({
  topic,
  partition,
  first_position,
  last_position,
});

/** In JSON the database writes an instant with its own offset. */
const undoneOf = ({ by, at, removed, kept }: NonNullable<Receipt["undone"]>) => ({
  ...{ by, at: new Date(at).toISOString(), removed, kept },
});

const inOrder = ({ row, trip_id, verdict, problems }: RowVerdict): RowVerdict => ({
  row,
  trip_id,
  verdict,
  problems: problems.map(({ field, code, detail }) => ({ field, code, detail })),
});
