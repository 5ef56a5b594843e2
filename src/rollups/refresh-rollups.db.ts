import type { Sql, Transaction } from "../database/client.ts";
import type { Engine } from "../database/engine.ts";
import { beginAttempt, endAttempt, forgetOwnAttempts, readAttempts } from "./refresh-attempts.db.ts";

/** The number of the refresh lock. Its holder refreshes the rollups of this database. The number spells "roll". */
const LOCK = 0x726f6c6c;
/**
 * The number of weeks to refresh at once: in one transaction, if the rollups are tables. The embedded engine does
 * nothing else meanwhile, so other work gets its turn after each week.
 */
const weeksAtOnce = (engine: Engine) => (engine === "embedded" ? 1 : 8);

/** In the order of their levels: each coarser rollup reads the finer one before it. */
const ROLLUPS = [
  ...["origins", "destinations"].flatMap((end) =>
    [7, 6, 5, 4].map((size) => `tripgrid_internal.live_weekly_${end}_${size}`),
  ),
  "tripgrid_internal.live_hourly_regions",
  "tripgrid_internal.live_weekly_clusters",
  "tripgrid_internal.live_weekly_drivers",
];

export interface RefreshOptions {
  signal?: AbortSignal | undefined;
}

/**
 * Refreshes the rollups for the weeks that the ledger, `pending_weeks`, lists. At most one process at a time does this
 * for a database.
 *
 * The ledger is read first and the trips are counted after that. So every write whose row is removed at the end has
 * been counted. A write that commits meanwhile keeps its row, and its week is still answered from the trips.
 *
 * @param session a dedicated session without a time limit, which holds the lock. The embedded engine has one session
 *   for all and one process, so it needs no lock
 * @returns the number of refreshed weeks. Undefined: another process holds the lock
 */
export async function refreshRollups(
  session: Sql,
  engine: Engine,
  options: RefreshOptions = {},
): Promise<number | undefined> {
  return withRefreshLock(session, engine, () => refreshPending(session, engine, options));
}

/**
 * Runs `work` while holding this database's refresh lock.
 *
 * @param session as for `refreshRollups`
 * @returns the result of `work`. Undefined: another process holds the lock, and `work` did not run
 */
export async function withRefreshLock<T>(session: Sql, engine: Engine, work: () => Promise<T>): Promise<T | undefined> {
  if (engine === "embedded") return work();
  const [lock] = await session<{ held: boolean }[]>`select pg_try_advisory_lock(${LOCK}) as held`;
  if (!lock?.held) return undefined;
  try {
    return await work();
  } finally {
    await session`select pg_advisory_unlock(${LOCK})`;
  }
}

interface Pending {
  week: string;
  ids: string[];
}

/**
 * Refreshes the pending weeks. The caller holds the refresh lock. A week that has ended a process before is refreshed
 * last and by itself.
 */
export async function refreshPending(sql: Sql, engine: Engine, { signal }: RefreshOptions): Promise<number> {
  const all = await sql<Pending[]>`
    select week, array_agg(id::text) as ids from tripgrid_internal.pending_weeks group by week order by week`;
  await forgetOwnAttempts(sql);
  const { underWay, suspects, setAside } = await readAttempts(sql);
  const pending = all.filter(({ week }) => ![underWay, suspects, setAside].some((weeks) => weeks.has(week)));
  const groups: Pending[][] = [];
  for (let at = 0; at < pending.length; at += weeksAtOnce(engine)) {
    groups.push(pending.slice(at, at + weeksAtOnce(engine)));
  }
  groups.push(...all.filter(({ week }) => suspects.has(week)).map((one) => [one]));
  let done = 0;
  for (const some of groups) {
    if (signal?.aborted) break;
    const weeks = some.map(({ week }) => week);
    await beginAttempt(sql, weeks);
    try {
      if (engine === "timescaledb") await refreshAggregates(sql, some);
      else await refreshTables(sql, some);
    } catch (error) {
      // If that fails too, the next refresh removes the note.
      await endAttempt(sql, weeks).catch(() => {});
      throw error;
    }
    await endAttempt(sql, weeks);
    done += some.length;
  }
  if (done > 0) await analyzeGrown(sql, engine);
  return done;
}

async function refreshTables(sql: Sql, pending: readonly Pending[]): Promise<void> {
  // One transaction: readers see the old counts with the ledger's rows, or the new counts without them.
  await sql.begin(async (tx) => {
    await tx`select tripgrid_internal.refresh_weeks(${pending.map(({ week }) => week)}::date[])`;
    await forget(tx, pending);
  });
}

async function refreshAggregates(sql: Sql, pending: readonly Pending[]): Promise<void> {
  // The refresh is forced, since TimescaleDB's own record of missing rows is incomplete: it does not note rows that
  // COPY wrote into a hypertable with a trigger that sees the new rows (2.28.3), so the refresh would find nothing to
  // do.
  for (const { from, to } of runsOf(pending.map(({ week }) => week))) {
    for (const rollup of ROLLUPS) {
      // This procedure commits while it runs: it can neither run in a transaction nor take its arguments as parameters.
      await sql.unsafe(
        `call refresh_continuous_aggregate('${rollup}', timestamp '${from}', timestamp '${to}', force => true)`,
      );
    }
  }
  await forget(sql, pending);
}

/**
 * Analyzes tables that have doubled since the last analysis. A server does that by itself, but only after a minute;
 * until then it searched the trips of a cell by time, which took 33 s instead of 9 s. The embedded engine never does
 * it.
 */
export async function analyzeGrown(sql: Sql, engine: Engine): Promise<void> {
  const grown = await sql<{ name: string }[]>`
    select c.oid::regclass::text as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname in ('tripgrid', 'tripgrid_internal', '_timescaledb_internal') and c.relkind = 'r' and pg_has_role(c.relowner, 'usage')
      and pg_relation_size(c.oid) / current_setting('block_size')::int > 2 * greatest(c.relpages, 0) + 8`;
  for (const { name } of grown) await sql.unsafe(`${engine === "embedded" ? "vacuum (analyze)" : "analyze"} ${name}`);
}

/** Removes only the rows that were read before the trips were counted. */
async function forget(sql: Sql | Transaction, pending: readonly Pending[]): Promise<void> {
  const ids = pending.flatMap((one) => one.ids);
  // One statement, so that a reader of both sees both changes or neither.
  await sql`
    with done as (delete from tripgrid_internal.pending_weeks where id = any (${ids}::bigint[]))
    update tripgrid_internal.totals_state set is_behind = true, refreshes = refreshes + 1`;
}

/** Runs of consecutive weeks; `to` is excluded. The weeks are Mondays in order. */
export function runsOf(weeks: readonly string[]): { from: string; to: string }[] {
  const runs: { from: string; to: string }[] = [];
  for (const from of weeks) {
    const to = new Date(Date.parse(`${from}T00:00:00Z`) + 7 * 86_400_000).toISOString().slice(0, 10);
    const last = runs.at(-1);
    if (last?.to === from) last.to = to;
    else runs.push({ from, to });
  }
  return runs;
}
