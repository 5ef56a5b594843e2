import type { RejectedRow, RejectLimits } from "./batch.ts";

/** The rejected rows that a batch has already kept or counted. */
export interface KeptBefore {
  rows: number;
  bytes: number;
  by_reason: Record<string, number> | null;
}

/** Rejected rows, split into those that are kept and those that are only counted. */
export interface Capped {
  kept: readonly RejectedRow[];
  /** Approximate size of the kept rows. */
  bytes: number;
  /** How many are only counted. */
  dropped: number;
  /** The counted rows by the code of their first fault, including those counted before. Undefined: there are none. */
  byReason: Record<string, number> | undefined;
}

/** Keeps the first rejected rows, up to the limits of their batch, and counts the others. */
export function capRejected(
  rejected: readonly RejectedRow[],
  limits: RejectLimits,
  before: KeptBefore = { rows: 0, bytes: 0, by_reason: null },
): Capped {
  let count = 0;
  let bytes = 0;
  for (const row of rejected) {
    const more = sizeOf(row);
    if (before.rows + count + 1 > limits.rows || before.bytes + bytes + more > limits.bytes) break;
    count++;
    bytes += more;
  }
  const dropped = rejected.slice(count);
  const byReason: Record<string, number> = { ...before.by_reason };
  for (const { problems } of dropped) byReason[problems[0].code] = (byReason[problems[0].code] ?? 0) + 1;
  return {
    kept: dropped.length === 0 ? rejected : rejected.slice(0, count),
    bytes,
    dropped: dropped.length,
    byReason: dropped.length === 0 && before.by_reason === null ? undefined : byReason,
  };
}

/** Characters of the row and of its problems. The names of the members around them count as 100. */
function sizeOf({ record, problems }: RejectedRow): number {
  let size = record.length + 100;
  for (const { field, detail } of problems) size += field.length + detail.length + 100;
  return size;
}

export const jsonOf = (counts: Record<string, number> | undefined): string | null =>
  counts === undefined ? null : JSON.stringify(counts);
