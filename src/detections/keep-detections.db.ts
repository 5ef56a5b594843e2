import { type Sql, translateErrors } from "../database/client.ts";
import type { Engine } from "../database/engine.ts";

/** Changes that one folding moves. It should take well under a second. */
const CHANGES_AT_ONCE = 50_000;
const ROWS_A_STEP = 5000;
const LOCK_TIMEOUT = "1s";

/**
 * Moves changes into the counts. Two processes do not fold at once: the second one returns at once.
 *
 * @returns whether there may be more
 */
export async function foldCounts(sql: Sql): Promise<boolean> {
  return translateErrors(async () => {
    const [row] = await sql<
      { folded: number }[]
    >`select tripgrid_internal.fold_detection_counts(${CHANGES_AT_ONCE}) as folded`;
    return (row?.folded ?? 0) >= CHANGES_AT_ONCE;
  });
}

/**
 * Drops detections that are older than a number of weeks. They stay counted. On TimescaleDB whole chunks are dropped, so
 * some stay up to four weeks longer. One process does it at a time; a second one drops nothing.
 *
 * @returns how many were dropped
 */
export async function dropOldDetections(
  sql: Sql,
  weeks: number | undefined,
  signal: Pick<AbortSignal, "aborted">,
): Promise<number> {
  if (weeks === undefined) return 0;
  let dropped = 0;
  while (!signal.aborted) {
    const n = await dropSome(sql, weeks);
    if (n === undefined) break;
    dropped += n;
  }
  return dropped;
}

/** Undefined: none are left, another process drops them, or others need the table for longer than a second. */
async function dropSome(sql: Sql, weeks: number): Promise<number | undefined> {
  try {
    const n = await sql.begin(async (tx) => {
      // Writers wait for what waits here.
      await tx`select set_config('lock_timeout', ${LOCK_TIMEOUT}, true)`;
      const [row] = await tx<{ n: number | null }[]>`
        select tripgrid_internal.drop_old_detections(${weeks}, ${ROWS_A_STEP}) as n`;
      return row?.n ?? undefined;
    });
    return n as number | undefined;
  } catch (error) {
    // The next look, an hour later, tries again.
    if ((error as { code?: string }).code === "55P03") return undefined;
    throw error;
  }
}

/** Moves old chunks into the columnstore, where there is one. */
export async function compressOldDetections(sql: Sql, engine: Engine, weeks: number | undefined): Promise<number> {
  if (engine !== "timescaledb" || weeks === undefined) return 0;
  const moved = await sql`
    select compress_chunk(chunk, if_not_compressed => true)
    from show_chunks('tripgrid.detections', older_than => now() - make_interval(weeks => ${weeks})) chunk`;
  return moved.length;
}
