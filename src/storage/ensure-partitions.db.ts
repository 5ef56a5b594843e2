import type { Sql } from "../database/client.ts";
import { dayOf } from "../time/date-math.ts";
import type { SentTime } from "../time/time-parts.ts";

const SPAN_DAYS = 28;
/** 2000-01-03, in days since 1970. */
const FIRST_MONDAY = dayOf("2000-01-03");
/** Only the database knows the local time of an instant. In any zone it lies within 26 hours of the written time. */
const DAYS_APART = 2;

/** Partitions that exist, numbered from the first one. The set is cleared when a partition turns out to be gone. */
export type KnownPartitions = Set<number>;

/**
 * Creates the partitions for a batch in a separate transaction, if the engine does not create them by itself.
 *
 * @param known the partitions that this process has seen
 */
export async function ensurePartitions(sql: Sql, known: KnownPartitions, times: Iterable<SentTime>): Promise<void> {
  const missing = new Map<number, number>();
  for (const { kind, text } of times) {
    const day = dayOf(text);
    const apart = kind === "naive" ? 0 : DAYS_APART;
    for (const possible of apart === 0 ? [day] : [day - apart, day, day + apart]) {
      const partition = Math.floor((possible - FIRST_MONDAY) / SPAN_DAYS);
      if (!known.has(partition)) missing.set(partition, possible);
    }
  }
  if (missing.size === 0) return;
  const days = [...missing.values()];
  await sql`select tripgrid_internal.ensure_partitions(array(select date '1970-01-01' + d from unnest(${days}::int[]) d)::timestamp[])`;
  for (const partition of missing.keys()) known.add(partition);
}
