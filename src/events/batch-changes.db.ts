import { findBatches } from "../batches/find-batch.db.ts";
import type { BatchChange } from "../batches/receipt.ts";
import { type Sql, translateErrors } from "../database/client.ts";
import type { FoundChanges, NumberRange, Snapshot, StartOfChanges } from "./batch-changes.ts";

/** Gaps are searched this far below the highest number. Transactions with earlier numbers have committed long ago. */
const GAPS_WITHIN = 10_000;

interface Changed {
  batch_id: string;
  change_id: number;
  owner: string | null;
}

/** A row of an outer join, which returns at least one row. */
type Maybe<T> = { [K in keyof T]: T[K] | null };

/** The start for following: the highest visible change, and the gaps just below it. */
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

/**
 * The batches with a last change after a number or in one of the gaps. Returns the lowest of each kind, up to a limit.
 */
export async function findChanges(
  sql: Sql,
  after: number,
  gaps: readonly NumberRange[],
  limit: number,
): Promise<FoundChanges> {
  return translateErrors(async () => {
    const rows = await sql<(Snapshot & Maybe<Changed>)[]>`
      select batch_id, change_id, owner, ${snapshot(sql)}
      from (select) one_row
      left join (
        (select batch_id, change_id, owner from tripgrid.batches where change_id > ${after} order by change_id limit ${limit})
        union all
        -- Each gap by itself and ordered, so that the index is used, of whatever size the planner takes a gap to be.
        (select found.*
         from unnest(${gaps.map((gap) => gap.from)}::bigint[], ${gaps.map((gap) => gap.to)}::bigint[]) gap (lowest, highest)
         cross join lateral (
           select batch_id, change_id, owner from tripgrid.batches
           where change_id between lowest and highest order by change_id limit ${limit}) found
         order by change_id limit ${limit})) changed on true
      order by change_id`;
    const [{ xmin, xmax } = missing()] = rows;
    const changed = rows.flatMap(({ batch_id, change_id, owner }) =>
      batch_id === null || change_id === null ? [] : [{ batch_id, change_id, owner }],
    );
    return {
      changes: await withReceipts(sql, changed),
      isFull: changed.length >= limit,
      snapshot: { xmin, xmax },
    };
  });
}

/** The given batches that changed after their known number. */
export async function findStates(
  sql: Sql,
  known: readonly { batchId: string; after: number }[],
): Promise<BatchChange[]> {
  return translateErrors(async () => {
    const changed = await sql<Changed[]>`
      select batch_id, change_id, owner
      from unnest(${known.map((one) => one.batchId)}::uuid[], ${known.map((one) => one.after)}::bigint[]) known (batch_id, after)
      join tripgrid.batches using (batch_id)
      where change_id > after order by change_id`;
    return withReceipts(sql, changed);
  });
}

/**
 * The receipts may be newer than the numbers, never older: a change in between is found again by its new number. This
 * avoids a transaction, inside which postgres.js could lose its connection.
 */
async function withReceipts(sql: Sql, changed: readonly Changed[]): Promise<BatchChange[]> {
  if (changed.length === 0) return [];
  const receipts = await findBatches(
    sql,
    changed.map((one) => one.batch_id),
    false,
  );
  const byId = new Map(receipts.map((receipt) => [receipt.batch_id, receipt]));
  return changed.flatMap(({ batch_id, change_id, owner }) => {
    const receipt = byId.get(batch_id);
    return receipt ? [{ change_id, receipt, owner }] : [];
  });
}

/** The snapshot of the statement, as columns. */
const snapshot = (sql: Sql) => sql`
  pg_snapshot_xmin(pg_current_snapshot())::text::bigint as xmin,
  pg_snapshot_xmax(pg_current_snapshot())::text::bigint as xmax`;

function missing(): never {
  throw new Error("a statement that always gives a row gave none");
}
