import type postgres from "postgres";

type AnySql = postgres.Sql<{ bigint: number; numeric: number }>;

/**
 * A pool that outlives its connections: when one closes, whatever is asked next goes to a pool opened anew.
 *
 * postgres.js reuses the object of a connection after its loss. If a statement waited to be written at that moment, the
 * object never writes again, and every later statement on it ends in `CONNECT_TIMEOUT`, after 10 seconds on a server: after a restart
 * of the database some of a service's connections stayed like that for minutes. New objects know nothing of it.
 *
 * What is under way on the old pool is finished there.
 *
 * @param open opens a pool that calls `onClose` whenever one of its connections is closed
 */
export function lastingPool<S extends AnySql>(open: (onClose: () => void) => S): S {
  let isWorn = false;
  let isEnded = false;
  const retired = new Map<S, NodeJS.Timeout>();
  let current = openNext();

  function openNext(): S {
    isWorn = false;
    const pool: S = open(() => {
      if (pool === current) isWorn = true;
    });
    return pool;
  }
  function inUse(): S {
    if (!isWorn || isEnded) return current;
    const old = current;
    current = openNext();
    retired.set(old, setTimeout(close, QUEUED_MS, old).unref());
    const [oldest] = retired.keys();
    if (oldest && retired.size > MAX_RETIRED) void close(oldest);
    return current;
  }
  function close(pool: S, options = { timeout: TRANSACTION_S }): Promise<void> {
    clearTimeout(retired.get(pool));
    retired.delete(pool);
    return pool.end(options);
  }
  async function end(options?: { timeout: number }): Promise<void> {
    isEnded = true;
    await Promise.all([current.end(options), ...[...retired.keys()].map((pool) => close(pool, options))]);
  }
  return new Proxy(current, {
    apply: (_first, self, args) => Reflect.apply(inUse() as never, self, args),
    get: (_first, key) => (key === "end" ? end : Reflect.get(inUse(), key)),
  });
}

/** Until then whatever waited for a connection of an old pool has had one: no statement of a request takes longer. */
const QUEUED_MS = 70_000;
/** What is under way in an old pool then may go on for so long. */
const TRANSACTION_S = 3600;
/** A database that closes connections all the time must not have to keep those of many pools. */
const MAX_RETIRED = 4;
