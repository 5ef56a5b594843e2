import type { SentTime } from "../time.ts";
import type { Sql } from "./client.ts";
import { dayOf } from "./clock.ts";

const SPAN_DAYS = 28;
/** 2000-01-03, in days since 1970. */
const FIRST_MONDAY = dayOf("2000-01-03");
/** The local time of an instant is known to the database only; in any zone it lies within 26 hours of what was written. */
const DAYS_APART = 2;

/** Partitions that exist, by their number since the first; cleared when one turns out to be gone. */
export type KnownPartitions = Set<number>;

/**
 * Makes the partitions for a batch, in a transaction of their own, where the engine does not make them by itself.
 *
 * @param known the partitions that this process has seen
 */
export async function ensurePartitions(sql: Sql, known: KnownPartitions, times: Iterable<SentTime>): Promise<void> {
  const missing = new Map<number, number>();
  for (const day of possibleDays(times)) {
    const partition = Math.floor((day - FIRST_MONDAY) / SPAN_DAYS);
    if (!known.has(partition)) missing.set(partition, day);
  }
  if (missing.size === 0) return;
  const days = [...missing.values()];
  await sql`select tripgrid.ensure_partitions(array(select date '1970-01-01' + d from unnest(${days}::int[]) d)::timestamp[])`;
  for (const partition of missing.keys()) known.add(partition);
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

/** Days since 1970 on which trips of these times may begin, by the clock at their origin. */
function* possibleDays(times: Iterable<SentTime>): Generator<number> {
  for (const { kind, text } of times) {
    const day = dayOf(text);
    if (kind !== "naive") yield* [day - DAYS_APART, day + DAYS_APART];
    yield day;
  }
}
