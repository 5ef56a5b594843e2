import type { Sql } from "../database/client.ts";
import type { Engine } from "../database/engine.ts";
import { dayOf } from "../time/date-math.ts";
import type { SentTime } from "../time/time-parts.ts";
import { withRefreshLock } from "./refresh-rollups.db.ts";

/**
 * Moves chunks with trips that are `weeks` weeks old into the columnstore, one after the other. Does nothing on an
 * engine without a columnstore.
 *
 * @param session as for `refreshRollups`
 * @returns the moved chunks. Undefined: another process holds the refresh lock
 * @throws an error 55P03 if another session writes trips of those weeks for longer than the lock timeout
 */
export async function compressOldTrips(
  session: Sql,
  engine: Engine,
  weeks: number | undefined,
  signal?: AbortSignal,
): Promise<string[] | undefined> {
  if (engine !== "timescaledb" || weeks === undefined) return [];
  return withRefreshLock(session, engine, async () => {
    const moved: string[] = [];
    while (!signal?.aborted) {
      const chunk = (await session.begin(async (tx) => {
        await tx`select set_config('lock_timeout', '1s', true)`;
        const [answer] = await tx<
          { chunk: string | null }[]
        >`select tripgrid_internal.compress_old_trips(${weeks}) as chunk`;
        return answer?.chunk ?? undefined;
      })) as string | undefined;
      // A chunk that does not become smaller must not be packed forever.
      if (chunk === undefined || moved.includes(chunk)) break;
      moved.push(chunk);
    }
    return moved;
  });
}

/**
 * Takes the chunks with many of a batch's times out of the columnstore. Its own transaction may take as long as it
 * needs.
 *
 * @returns whether there were such chunks
 */
export async function unpackTrips(sql: Sql, times: Iterable<SentTime>): Promise<boolean> {
  const days = [...times].map(({ text }) => dayOf(text));
  try {
    const unpacked = await sql.begin(async (tx) => {
      // Another process may be packing these chunks now. Then the wait for its lock takes the time.
      await tx`select set_config('statement_timeout', '0', true), set_config('lock_timeout', '10s', true)`;
      const [answer] = await tx<{ unpacked: number }[]>`
        select tripgrid_internal.unpack_trips(array(select date '1970-01-01' + d from unnest(${days}::int[]) d)::timestamp[]) as unpacked`;
      return answer?.unpacked ?? 0;
    });
    return (unpacked as number) > 0;
  } catch (error) {
    if ((error as { code?: string }).code === "55P03") return false;
    throw error;
  }
}
