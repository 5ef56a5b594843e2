import type { SentTime } from "../time.ts";
import type { Sql } from "./client.ts";
import { dayOf } from "./clock.ts";
import type { Engine } from "./engine.ts";
import { asRefresher } from "./refresh-rollups.ts";

/**
 * Moves chunks whose trips are so many weeks old into the columnstore, one after the other, where there is one.
 *
 * @param session as for `refreshRollups`
 * @returns the chunks that were moved; undefined if another process is at the rollups, or moves chunks
 * @throws an error 55P03 if somebody writes trips of those weeks for longer than may be waited for
 */
export async function compressOldTrips(
  session: Sql,
  engine: Engine,
  weeks: number | undefined,
  signal?: AbortSignal,
): Promise<string[] | undefined> {
  if (engine !== "timescaledb" || weeks === undefined) return [];
  return asRefresher(session, engine, async () => {
    const moved: string[] = [];
    while (!signal?.aborted) {
      const chunk = (await session.begin(async (tx) => {
        await tx`select set_config('lock_timeout', '1s', true)`;
        const [answer] = await tx<{ chunk: string | null }[]>`select tripgrid.compress_old_trips(${weeks}) as chunk`;
        return answer?.chunk ?? undefined;
      })) as string | undefined;
      // One that does not become smaller is not packed for ever.
      if (chunk === undefined || moved.includes(chunk)) break;
      moved.push(chunk);
    }
    return moved;
  });
}

/**
 * Takes what holds many of a batch's times out of the columnstore, in a transaction of its own that may take as long as it needs.
 *
 * @returns whether there was any
 */
export async function unpackTrips(sql: Sql, times: Iterable<SentTime>): Promise<boolean> {
  const days = [...times].map(({ text }) => dayOf(text));
  try {
    const unpacked = await sql.begin(async (tx) => {
      // It may be that they are just being packed, and what took long was to wait for that.
      await tx`select set_config('statement_timeout', '0', true), set_config('lock_timeout', '10s', true)`;
      const [answer] = await tx<{ unpacked: number }[]>`
        select tripgrid.unpack_trips(array(select date '1970-01-01' + d from unnest(${days}::int[]) d)::timestamp[]) as unpacked`;
      return answer?.unpacked ?? 0;
    });
    return (unpacked as number) > 0;
  } catch (error) {
    if ((error as { code?: string }).code === "55P03") return false;
    throw error;
  }
}
