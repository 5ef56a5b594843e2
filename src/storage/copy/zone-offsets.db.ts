import type { Transaction } from "../../database/client.ts";

/**
 * How far local clocks are ahead of UTC, by time zone and day since 1970-01-01, in microseconds. Null: a clock change
 * is near, so the database must resolve every single time.
 */
export type ZoneOffsets = Map<string, Map<number, number | null>>;

/** The offsets of one zone. */
export function offsetsIn(offsets: ZoneOffsets, zone: string): Map<number, number | null> {
  const known = offsets.get(zone) ?? new Map<number, number | null>();
  offsets.set(zone, known);
  return known;
}

/**
 * Loads the offsets of days. They come from the database, which also resolves clock changes everywhere else. A day has
 * an offset if the clocks run evenly from the day before it to the day after it. The offset then holds for the local
 * day and for the day in UTC.
 */
export async function loadOffsets(
  tx: Transaction,
  offsets: ZoneOffsets,
  wanted: readonly { zone: string; day: number }[],
): Promise<void> {
  if (wanted.length === 0) return;
  // Every half hour: real clock changes of these times lie further apart than that from their reversal.
  const rows = await tx<{ zone: string; day: number; low: number; high: number }[]>`
    select zone, day, min(ahead) as low, max(ahead) as high
    from unnest(${wanted.map(({ zone }) => zone)}::text[], ${wanted.map(({ day }) => day)}::int[]) wanted (zone, day)
    cross join lateral (select date '1970-01-01' + day) d (start)
    cross join lateral generate_series(start - interval '1 day', start + interval '2 days', interval '30 minutes') local
    cross join lateral (select extract(epoch from local - local at time zone zone at time zone 'UTC')::float8) a (ahead)
    group by zone, day`;
  for (const { zone, day, low, high } of rows) {
    offsetsIn(offsets, zone).set(day, low === high ? low * 1_000_000 : null);
  }
}
