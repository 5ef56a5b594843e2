import type { ClassifiedRows, RejectedRow } from "../batches/batch.ts";
import type { Sql } from "../database/client.ts";
import type { Memory } from "./insert-trips.db.ts";

/**
 * Loads which weeks take no more trips. This runs at the start, and when the database has refused a trip for its week.
 * The date only grows, so the known date is right as far as it goes.
 */
export async function loadClosedBefore(sql: Sql, memory: Memory): Promise<void> {
  const [settings] = await sql<{ closed: string | null }[]>`
    select case when isfinite(closed_before) then closed_before end as closed from tripgrid.settings`;
  if (settings?.closed) memory.closedBefore = settings.closed;
}

/** Moves the rows of closed weeks to the rejected rows. */
export function withoutClosed<T extends ClassifiedRows>(
  sorted: T,
  closed: ReadonlySet<number>,
  { closedBefore = "" }: Memory,
): T {
  if (closed.size === 0) return sorted;
  const detail = `trips that began before ${closedBefore}, by the clock at their origin, are not taken any more: of these weeks only what was counted is kept`;
  const late = sorted.trips
    .filter(({ row }) => closed.has(row))
    .map(({ row, trip }): RejectedRow => {
      const { field, record } = sorted.sent(row);
      const problem = { field, code: "week_retired", detail } as const;
      return { row, tripId: trip.tripId, source: trip.source, problems: [problem], record };
    });
  return {
    ...sorted,
    trips: sorted.trips.filter(({ row }) => !closed.has(row)),
    rejected: [...sorted.rejected, ...late].sort((a, b) => a.row - b.row),
  };
}
