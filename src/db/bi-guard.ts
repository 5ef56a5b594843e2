import { type BiRole, OPEN_S } from "./bi-role.ts";
import type { Sql } from "./client.ts";

/** It looks twice as often as this, and gives `statement_timeout` the first go. */
const GRACE_S = 5;

/**
 * Ends sessions of the role that run a query past its timeout: a role may raise its own `statement_timeout`, and no grant forbids
 * that. Also those that leave a transaction open, or hold an advisory lock, with which they could keep ours from being taken.
 *
 * @returns how many were ended
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

/** How often `endOverdue` is to look. */
export const GUARD_EVERY_MS = (GRACE_S * 1000) / 2;
