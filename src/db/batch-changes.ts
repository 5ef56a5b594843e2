import type { BatchChange } from "../batch.ts";
import type { FoundChanges, NumberRange, Snapshot, StartOfChanges } from "../batch-changes.ts";
import { type Sql, translateErrors } from "./client.ts";
import { findBatches } from "./find-batch.ts";

/** Gaps are looked for so far below the highest number: what was drawn earlier has long been committed. */
const GAPS_WITHIN = 10_000;

interface Changed {
  batch_id: string;
  change_id: number;
}

/** A row of a join that leaves at least one. */
type Maybe<T> = { [K in keyof T]: T[K] | null };

/** Where to begin to follow: the highest change that can be seen, and what is missing just below it. */
export async function startChanges(sql: Sql): Promise<StartOfChanges> {
  return translateErrors(async () => {
    const rows = await sql<(Snapshot & { high: number } & Maybe<NumberRange>)[]>`
      select high, gap.from, gap.to, ${snapshot(sql)}
      from (select coalesce(max(change_id), 0) as high from tripgrid.batches) newest
      left join lateral (
        select before + 1 as from, change_id - 1 as to
        from (select change_id, lag(change_id, 1, greatest(high - ${GAPS_WITHIN}, 0)) over (order by change_id) as before
              from tripgrid.batches where change_id > high - ${GAPS_WITHIN}) seen
        where change_id > before + 1) gap on true
      order by gap.from`;
    const [{ high, xmin, xmax } = missing()] = rows;
    const gaps = rows.flatMap(({ from, to }) => (from === null || to === null ? [] : [{ from, to }]));
    return { high, gaps, snapshot: { xmin, xmax } };
  });
}

/** The batches whose last change is after a number, or in one of the gaps; of each kind the lowest, up to a limit. */
export async function findChanges(
  sql: Sql,
  after: number,
  gaps: readonly NumberRange[],
  limit: number,
): Promise<FoundChanges> {
  return translateErrors(async () => {
    const rows = await sql<(Snapshot & Maybe<Changed>)[]>`
      select batch_id, change_id, ${snapshot(sql)}
      from (select) one_row
      left join (
        (select batch_id, change_id from tripgrid.batches where change_id > ${after} order by change_id limit ${limit})
        union all
        -- Each gap by itself and ordered, so that the index is used, of whatever size the planner takes a gap to be.
        (select found.*
         from unnest(${gaps.map((gap) => gap.from)}::bigint[], ${gaps.map((gap) => gap.to)}::bigint[]) gap (lowest, highest)
         cross join lateral (
           select batch_id, change_id from tripgrid.batches
           where change_id between lowest and highest order by change_id limit ${limit}) found
         order by change_id limit ${limit})) changed on true
      order by change_id`;
    const [{ xmin, xmax } = missing()] = rows;
    const changed = rows.flatMap(({ batch_id, change_id }) =>
      batch_id === null || change_id === null ? [] : [{ batch_id, change_id }],
    );
    return {
      changes: await withReceipts(sql, changed),
      isFull: changed.length >= limit,
      snapshot: { xmin, xmax },
    };
  });
}

/** Those of these batches that changed after a number of their own. */
export async function findStates(
  sql: Sql,
  known: readonly { batchId: string; after: number }[],
): Promise<BatchChange[]> {
  return translateErrors(async () => {
    const changed = await sql<Changed[]>`
      select batch_id, change_id
      from unnest(${known.map((one) => one.batchId)}::uuid[], ${known.map((one) => one.after)}::bigint[]) known (batch_id, after)
      join tripgrid.batches using (batch_id)
      where change_id > after order by change_id`;
    return withReceipts(sql, changed);
  });
}

/**
 * The receipts may be newer than the numbers, never older: what changes in between is found again by its new number. That
 * spares a transaction, and postgres.js the loss of its connection inside one.
 */
async function withReceipts(sql: Sql, changed: readonly Changed[]): Promise<BatchChange[]> {
  if (changed.length === 0) return [];
  const receipts = await findBatches(
    sql,
    changed.map((one) => one.batch_id),
    false,
  );
  const byId = new Map(receipts.map((receipt) => [receipt.batch_id, receipt]));
  return changed.flatMap(({ batch_id, change_id }) => {
    const receipt = byId.get(batch_id);
    return receipt ? [{ change_id, receipt }] : [];
  });
}

/** The snapshot that the statement reads, as columns. */
const snapshot = (sql: Sql) => sql`
  pg_snapshot_xmin(pg_current_snapshot())::text::bigint as xmin,
  pg_snapshot_xmax(pg_current_snapshot())::text::bigint as xmax`;

function missing(): never {
  throw new Error("a statement that always gives a row gave none");
}
