import type { SentTime } from "../time.ts";
import type { Sql } from "./client.ts";

const DAY = 86_400_000;
const SPAN = 28 * DAY;
const FIRST_MONDAY = Date.UTC(2000, 0, 3);

/** Partitions that exist, by their number since the first; cleared when one turns out to be gone. */
export type KnownPartitions = Set<number>;

/**
 * Makes the partitions for a batch, in a transaction of their own, where the engine does not make them by itself.
 *
 * @param known the partitions that this process has seen
 */
export async function ensurePartitions(sql: Sql, known: KnownPartitions, times: Iterable<SentTime>): Promise<void> {
  const missing = new Map<number, string>();
  for (const time of times) {
    for (const ms of possibleMs(time)) {
      const partition = Math.floor((ms - FIRST_MONDAY) / SPAN);
      if (!known.has(partition)) missing.set(partition, new Date(ms).toISOString().slice(0, 19));
    }
  }
  if (missing.size === 0) return;
  await sql`select tripgrid.ensure_partitions(${[...missing.values()]}::timestamp[])`;
  for (const partition of missing.keys()) known.add(partition);
}

/** The local time of an instant is known to the database only; it lies within a day of what was written. */
function possibleMs(time: SentTime): number[] {
  const written = Date.parse(`${time.text.slice(0, 19)}Z`);
  return time.kind === "naive" ? [written] : [written - DAY, written, written + DAY];
}
