import type { IngestCounts, SourceTally } from "../batches/row-tally.ts";
import { isAway, type Sql, type Transaction, translateErrors } from "../database/client.ts";
import { AppError } from "../errors.ts";
import { unpackTrips } from "../rollups/compress-trips.db.ts";
import type { SentTime } from "../time/time-parts.ts";
import { forgetNumbers, isNumberTaken } from "./batch-numbers.db.ts";
import { loadClosedBefore } from "./closed-weeks.db.ts";
import { ensurePartitions, type KnownPartitions } from "./ensure-partitions.db.ts";
import type { Memory } from "./insert-trips.db.ts";

/** The state that all writers of trips share in one process. */
export interface Store {
  sql: Sql;
  /** For statements that may take longer than `sql` allows. */
  patientSql: Sql;
  partitions: KnownPartitions;
  memory: Memory;
  /** For the metrics. Undefined: nothing is counted. */
  counts?: IngestCounts | undefined;
}

/** A known partition is gone, or an open week is closed now. */
const WEEKS_CHANGED = ["23514", "TG005"];
/** Deadlock and serialization failure. */
const WORTH_ANOTHER_TRY = ["40P01", "40001", ...WEEKS_CHANGED];
const TRIES = 5;

/**
 * Writes trips of the given times in a transaction that is committed when this returns. The partitions are created
 * before. A write that another transaction spoilt is tried again.
 *
 * @throws AppError database_unavailable, which does not claim to know the outcome of the transaction
 */
export function inTransaction<T>(
  { sql, patientSql, partitions, memory }: Store,
  times: Iterable<SentTime>,
  write: (tx: Transaction) => Promise<T>,
): Promise<T> {
  return translateErrors(async () => {
    let timedOut: { error: unknown; isUnpacked: boolean } | undefined;
    for (let attempt = 1; ; attempt++) {
      const { closedBefore } = memory;
      try {
        if (timedOut?.isUnpacked === false) {
          timedOut.isUnpacked = true;
          if (!(await unpackTrips(patientSql, times))) throw timedOut.error;
        }
        await ensurePartitions(sql, partitions, times);
        return (await sql.begin(write)) as T;
      } catch (error) {
        const { code = "" } = error as { code?: string };
        // Many late trips take long if the other trips of their weeks are packed.
        if (code === "57014" && !timedOut) {
          timedOut = { error, isUnpacked: false };
          continue;
        }
        // An error from the server itself, about its disk, its memory or a login, came before the commit.
        if (isAway(code) && !/^(25|28|3D|5[358])/.test(code) && !WORTH_ANOTHER_TRY.includes(code))
          throw unknownOutcome(error);
        const isTaken = isNumberTaken(error);
        if (isTaken) forgetNumbers(memory);
        if (attempt === TRIES || !(isTaken || WORTH_ANOTHER_TRY.includes(code))) throw error;
        if (WEEKS_CHANGED.includes(code)) {
          partitions.clear();
          await loadClosedBefore(sql, memory);
          // A trip of a closed week cannot be removed, however often it is tried. Other writers load the date too.
          if (code === "TG005" && memory.closedBefore === closedBefore) throw error;
        }
        await new Promise((resolve) => setTimeout(resolve, Math.random() * 50 * attempt));
      }
    }
  });
}

/**
 * Runs `inTransaction` and counts what it stored, once that is committed.
 *
 * @param write returns the rows by source and verdict
 */
export async function countedTransaction<T>(
  store: Store,
  kind: "requests" | "chunk",
  times: Iterable<SentTime>,
  write: (tx: Transaction) => Promise<{ result: T; tallies: readonly SourceTally[] }>,
): Promise<T> {
  const began = performance.now();
  const { result, tallies } = await inTransaction(store, times, write);
  store.counts?.committed(kind, (performance.now() - began) / 1000);
  store.counts?.stored(tallies);
  return result;
}

/** A connection can be lost between the commit and its answer, so the error does not claim to know the outcome. */
function unknownOutcome(cause: unknown): AppError {
  const detail =
    "The connection to the database was lost, or cannot be made. Whether the batch was stored is not known: send it again with the same Idempotency-Key.";
  return new AppError("database_unavailable", detail, {}, { cause, retryAfterSeconds: 2 });
}
