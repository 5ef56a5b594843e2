import type { Sql, Transaction } from "./client.ts";
import type { Engine } from "./engine.ts";

/** One number for one lock: who holds it refreshes the rollups of this database. It spells "roll". */
const LOCK = 0x726f6c6c;
/**
 * Weeks that are brought up to date in one go: a transaction's worth where the rollups are tables. The embedded engine does
 * nothing else meanwhile, so others get their turn after each week.
 */
const weeksAtOnce = (engine: Engine) => (engine === "embedded" ? 1 : 8);

/** In the order of their levels: each of the coarser ones reads the finer one before it. */
const ROLLUPS = [
  ...["origins", "destinations"].flatMap((end) => [7, 6, 5, 4].map((size) => `tripgrid.live_weekly_${end}_${size}`)),
  "tripgrid.live_hourly_regions",
  "tripgrid.live_weekly_clusters",
  "tripgrid.live_weekly_drivers",
];

export interface RefreshOptions {
  signal?: AbortSignal | undefined;
}

/**
 * Takes up into the rollups what the ledger, `pending_weeks`, says is missing. At most one process at a time does so for a
 * database.
 *
 * The ledger is read first and the trips are counted after that, so every write whose row is removed in the end has been
 * counted; one that commits meanwhile keeps its row, and its week is still answered from the trips.
 *
 * @param session one session that is asked for nothing else, without a limit of time: it holds the lock. On the embedded
 *                engine, which has one session for all and one process, there is none to hold.
 * @returns how many weeks were brought up to date; undefined if another process is at it
 */
export async function refreshRollups(
  session: Sql,
  engine: Engine,
  options: RefreshOptions = {},
): Promise<number | undefined> {
  return asRefresher(session, engine, () => refreshPending(session, engine, options));
}

/**
 * Does what only one process at a time may do to the rollups of a database.
 *
 * @param session as for `refreshRollups`
 * @returns what the work returns; undefined, and nothing was done, if another process is at it
 */
export async function asRefresher<T>(session: Sql, engine: Engine, work: () => Promise<T>): Promise<T | undefined> {
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

/** Takes up what is missing; the caller is the only one who does. */
export async function refreshPending(sql: Sql, engine: Engine, { signal }: RefreshOptions): Promise<number> {
  const pending = await sql<Pending[]>`
    select week, array_agg(id::text) as ids from tripgrid.pending_weeks group by week order by week`;
  let done = 0;
  while (done < pending.length && !signal?.aborted) {
    const some = pending.slice(done, done + weeksAtOnce(engine));
    if (engine === "timescaledb") await refreshAggregates(sql, some);
    else await refreshTables(sql, some);
    done += some.length;
  }
  if (done > 0) await analyzeGrown(sql, engine);
  return done;
}

async function refreshTables(sql: Sql, pending: readonly Pending[]): Promise<void> {
  // One transaction: readers see the old counts with the ledger's rows, or the new ones without.
  await sql.begin(async (tx) => {
    await tx`select tripgrid.refresh_weeks(${pending.map(({ week }) => week)}::date[])`;
    await forget(tx, pending);
  });
}

async function refreshAggregates(sql: Sql, pending: readonly Pending[]): Promise<void> {
  // By force, since what TimescaleDB itself knows to be missing is not all: what COPY wrote into a hypertable with a trigger
  // that sees the new rows is not noted (2.28.3), and the refresh would find nothing to do.
  for (const { from, to } of runsOf(pending.map(({ week }) => week))) {
    for (const rollup of ROLLUPS) {
      // A procedure that commits on its way: it cannot run in a transaction, nor take its arguments as parameters.
      await sql.unsafe(
        `call refresh_continuous_aggregate('${rollup}', timestamp '${from}', timestamp '${to}', force => true)`,
      );
    }
  }
  await forget(sql, pending);
}

/**
 * Has the planner look again at tables that doubled since it did last. A server does that by itself, but only after a minute;
 * until then the trips of a cell were looked for by their time, 33 s instead of 9. The embedded engine does not do it at all.
 */
export async function analyzeGrown(sql: Sql, engine: Engine): Promise<void> {
  const grown = await sql<{ name: string }[]>`
    select c.oid::regclass::text as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname in ('tripgrid', '_timescaledb_internal') and c.relkind = 'r' and pg_has_role(c.relowner, 'usage')
      and pg_relation_size(c.oid) / current_setting('block_size')::int > 2 * greatest(c.relpages, 0) + 8`;
  for (const { name } of grown) await sql.unsafe(`${engine === "embedded" ? "vacuum (analyze)" : "analyze"} ${name}`);
}

/** Just the rows that were read before the trips were counted. */
async function forget(sql: Sql | Transaction, pending: readonly Pending[]): Promise<void> {
  const ids = pending.flatMap((one) => one.ids);
  await sql`update tripgrid.totals_state set is_behind = true where not is_behind`;
  await sql`delete from tripgrid.pending_weeks where id = any (${ids}::bigint[])`;
}

/** Runs of weeks that follow each other; `to` is not included. Weeks are Mondays in order. */
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
