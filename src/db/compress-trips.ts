import type { Sql } from "./client.ts";
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
