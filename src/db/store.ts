import { AppError } from "../errors.ts";
import type { SentTime } from "../time.ts";
import { isAway, type Sql, type Transaction, translateErrors } from "./client.ts";
import { learnClosed } from "./closed-weeks.ts";
import { unpackTrips } from "./compress-trips.ts";
import { ensurePartitions, type KnownPartitions } from "./ensure-partitions.ts";
import type { Memory } from "./insert-trips.ts";

/** What those who write trips share in one process. */
export interface Store {
  sql: Sql;
  partitions: KnownPartitions;
  memory: Memory;
}

/** A partition that was there when we looked and is gone, and a week that was open and is closed. */
const WEEKS_CHANGED = ["23514", "TG005"];
/** Deadlock and serialization failure. */
const WORTH_ANOTHER_TRY = ["40P01", "40001", ...WEEKS_CHANGED];
const TRIES = 5;

/**
 * Writes trips of the given times in a transaction that has been committed when this returns: the partitions are made
 * before, and what another transaction spoilt is tried again.
 *
 * @throws AppError database_unavailable, which does not claim to know what became of the transaction
 */
export function inTransaction<T>(
  { sql, partitions, memory }: Store,
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
          if (!(await unpackTrips(sql, times))) throw timedOut.error;
        }
        await ensurePartitions(sql, partitions, times);
        return (await withinReason(sql.begin(write))) as T;
      } catch (error) {
        const { code = "" } = error as { code?: string };
        // Many late trips take long where the others of their weeks are packed.
        if (code === "57014" && !timedOut) {
          timedOut = { error, isUnpacked: false };
          continue;
        }
        if (isAway(code) && !WORTH_ANOTHER_TRY.includes(code)) throw unknownOutcome(error);
        if (attempt === TRIES || !WORTH_ANOTHER_TRY.includes(code)) throw error;
        if (WEEKS_CHANGED.includes(code)) {
          partitions.clear();
          await learnClosed(sql, memory);
          // A trip of a closed week that is to be removed stays there however often it is tried. Others learn too.
          if (code === "TG005" && memory.closedBefore === closedBefore) throw error;
        }
        await new Promise((resolve) => setTimeout(resolve, Math.random() * 50 * attempt));
      }
    }
  });
}

/** The server gives a statement up after a minute; a network that swallows bytes never says so. */
const PATIENCE_MS = 90_000;

async function withinReason<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const silent = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(unknownOutcome(new Error("the database is silent"))), PATIENCE_MS);
  });
  try {
    return await Promise.race([work, silent]);
  } finally {
    clearTimeout(timer);
  }
}

/** A connection can be lost between the commit and its answer, so nothing is claimed of what became of the batch. */
function unknownOutcome(cause: unknown): AppError {
  const detail =
    "The connection to the database was lost, or cannot be made. Whether the batch was stored is not known: send it again with the same Idempotency-Key.";
  return new AppError("database_unavailable", detail, {}, { cause, retryAfterSeconds: 2 });
}
