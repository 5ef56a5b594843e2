import type { Sql } from "../database/client.ts";
import { type BiRole, OPEN_S } from "./bi-role.db.ts";

/** The guard runs twice in this time. The grace lets `statement_timeout` act first. */
const GRACE_S = 5;

/**
 * Ends sessions of the role that run a query past its timeout: a role may raise its own `statement_timeout`, and no
 * grant forbids that. Also ends sessions that leave a transaction open, or that hold an advisory lock, which could
 * block the locks of Tripgrid.
 *
 * @returns the number of ended sessions
 */
export async function endOverdue(sql: Sql, { name, timeoutS }: Pick<BiRole, "name" | "timeoutS">): Promise<number> {
  const ended = await sql`
    select pg_terminate_backend(a.pid) from pg_stat_activity a
    where a.usename = ${name} and a.datname = current_database() and a.backend_type = 'client backend'
      and (a.state = 'active' and a.query_start < clock_timestamp() - ${timeoutS + GRACE_S} * interval '1 second'
        or a.xact_start < clock_timestamp() - ${Math.max(OPEN_S, timeoutS + GRACE_S)} * interval '1 second'
        or exists (select 1 from pg_locks l where l.pid = a.pid and l.locktype = 'advisory'))`;
  return ended.length;
}

/** The interval between calls of `endOverdue`. */
export const GUARD_EVERY_MS = (GRACE_S * 1000) / 2;
