import type { Transaction } from "../database/client.ts";
import type { Rows } from "./copy/register-names.db.ts";
import { type Inserted, insertTrips, type Memory, nothingInserted } from "./insert-trips.db.ts";

/** A batch with the number that its trips carry. */
interface Numbered {
  number: number;
  trips: Rows;
}

/** Inserts the trips of all batches. Returns the outcome of each batch. */
export async function insertForEach(
  tx: Transaction,
  batches: readonly Numbered[],
  memory: Memory,
): Promise<Inserted[]> {
  // Rows are numbered across all batches, so the lowest row of equal ones wins across them too.
  const rows = batches.flatMap((batch, i) => batch.trips.map(({ row, trip }) => ({ batch: i, batchRow: row, trip })));
  const numbered = rows.map(({ trip, batch }, row) => ({ row, trip, batch: batches[batch]?.number }));
  const all = await insertTrips(tx, numbered, memory);
  const ofEach = batches.map(() => nothingInserted(all.bounded));
  for (const what of ["inserted", "closed", "cancelled"] as const) {
    for (const n of all[what]) {
      const row = rows[n];
      if (row) ofEach[row.batch]?.[what].add(row.batchRow);
    }
  }
  for (const [n, week] of all.weekOf) {
    const row = rows[n];
    if (row) ofEach[row.batch]?.weekOf.set(row.batchRow, week);
  }
  for (const what of ["placed", "places"] as const) {
    for (const [n, zone] of all[what]) {
      const row = rows[n];
      if (row) ofEach[row.batch]?.[what].set(row.batchRow, zone);
    }
  }
  return ofEach;
}
