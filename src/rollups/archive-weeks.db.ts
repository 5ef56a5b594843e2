import type { Sql } from "../database/client.ts";
import type { Engine } from "../database/engine.ts";
import { analyzeGrown, refreshPending, withRefreshLock } from "./refresh-rollups.db.ts";

/**
 * A session that waits for a lock on the trips makes other sessions wait behind it. This limit is too short to notice.
 */
const LOCK_TIMEOUT = "200ms";

export interface Retired {
  /** True if this call retired weeks. */
  retired: boolean;
  /** The number of partitions or chunks whose trips were dropped. */
  dropped: number;
}

export interface ArchiveOptions {
  /** Trips of weeks retired more recently than this are not dropped: another process may still be counting them. */
  dropAfter?: string;
  signal?: AbortSignal | undefined;
}

/**
 * Retires weeks with trips older than the retention, and drops the trips of weeks that were retired an hour ago. The
 * next call resumes an interrupted one.
 *
 * @param session as for `refreshRollups`
 * @param retentionWeeks the minimum number of weeks to keep trips for. Undefined: no more weeks are retired
 * @returns the changes. Undefined: another process holds the refresh lock
 * @throws an error 55P03 if another session reads or writes trips for longer than the lock timeout
 */
export async function archiveWeeks(
  session: Sql,
  engine: Engine,
  retentionWeeks: number | undefined,
  { dropAfter = "1 hour", signal }: ArchiveOptions = {},
): Promise<Retired | undefined> {
  return withRefreshLock(session, engine, async () => {
    if (retentionWeeks !== undefined) {
      await session.begin(async (tx) => {
        await tx`select set_config('lock_timeout', ${LOCK_TIMEOUT}, true)`;
        await tx`select tripgrid_internal.freeze_weeks(${retentionWeeks})`;
      });
    }
    const [closed] = await session<{ waiting: boolean }[]>`
      select retired_before < closed_before as waiting from tripgrid.settings`;
    let retired = false;
    if (closed?.waiting) {
      // Counts the trips that were written before the weeks were closed.
      await refreshPending(session, engine, { signal });
      const [answer] = await session<{ retired: boolean }[]>`select tripgrid_internal.archive_weeks() as retired`;
      retired = answer?.retired ?? false;
      if (retired) await analyzeGrown(session, engine);
    }
    // Most databases have no such weeks, and need no transaction.
    const [old] = await session`select 1 from tripgrid.settings where retired_at <= now() - ${dropAfter}::interval`;
    if (!old) return { retired, dropped: 0 };
    const dropped = await session.begin(async (tx) => {
      await tx`select set_config('lock_timeout', ${LOCK_TIMEOUT}, true)`;
      const [answer] = await tx<
        { dropped: number }[]
      >`select tripgrid_internal.drop_archived_trips(${dropAfter}::interval) as dropped`;
      return answer?.dropped ?? 0;
    });
    return { retired, dropped: dropped as number };
  });
}
