import type { ClassifiedRows } from "./batch.ts";
import type { RowVerdict } from "./receipt.ts";

/** How many rows of one source had each verdict. */
export type SourceTally = { source: string | undefined } & Record<RowVerdict["verdict"], number>;

/** Counts what a process stores, for its metrics. */
export interface IngestCounts {
  /** Rows whose verdicts are committed. */
  stored(tallies: readonly SourceTally[]): void;
  /** How long a transaction took that stored rows: `requests` of small batches together, or a `chunk` of a large one. */
  committed(kind: "requests" | "chunk", seconds: number): void;
}

/** Counts rows by source and verdict. A trip that is not among the inserted ones is a duplicate. */
export function tallyRows(
  { trips, rejected }: Pick<ClassifiedRows, "trips" | "rejected">,
  inserted: ReadonlySet<number>,
): SourceTally[] {
  const bySource = new Map<string | undefined, SourceTally>();
  let last: SourceTally | undefined;
  const of = (source: string | undefined): SourceTally => {
    // Most batches have one source.
    if (last && last.source === source) return last;
    last = bySource.get(source) ?? { source, inserted: 0, duplicate: 0, rejected: 0 };
    bySource.set(source, last);
    return last;
  };
  // Usually all are inserted, and no row has to be looked up.
  const isNew = inserted.size === trips.length ? () => true : (row: number) => inserted.has(row);
  for (const { row, trip } of trips) of(trip.source)[isNew(row) ? "inserted" : "duplicate"]++;
  for (const { source } of rejected) of(source).rejected++;
  return [...bySource.values()];
}
