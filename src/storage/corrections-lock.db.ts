import type { Transaction } from "../database/client.ts";

/** One number for all of these locks. It spells "tric". */
export const CORRECTIONS_LOCK = 0x74726963;
/** Trips are spread over this many locks, so a correction meets few of the inserts of the same moment. */
const STRIPES = 64;

/**
 * Keeps inserts and corrections of the same trip apart until the transaction ends. Without this lock, an insert of a
 * trip that is being cancelled would wait until the row is gone and then store it again, since its snapshot is older
 * than the cancellation. Inserts do not wait for each other. On the embedded engine transactions run one after the
 * other anyway.
 */
export async function lockCorrectionsShared(
  tx: Transaction,
  rows: readonly { trip: { tripId: string } }[],
): Promise<void> {
  const few = rows.length < STRIPES * 4;
  const stripes = [...new Set(few ? rows.map(({ trip }) => stripeOf(trip.tripId)) : ALL)].sort((a, b) => a - b);
  await tx`
    select pg_advisory_xact_lock_shared(${CORRECTIONS_LOCK}, stripe) from unnest(${stripes}::int[]) stripe`;
}

/** The counterpart: waits for the inserts under way. Later inserts wait for this transaction. */
export async function lockCorrections(tx: Transaction, tripId: string): Promise<void> {
  await tx`select pg_advisory_xact_lock(${CORRECTIONS_LOCK}, ${stripeOf(tripId)})`;
}

/** Keeps out all inserts and corrections until the transaction ends. */
export async function lockAllCorrections(tx: Transaction): Promise<void> {
  await tx`select pg_advisory_xact_lock(${CORRECTIONS_LOCK}, stripe) from unnest(${ALL}::int[]) stripe`;
}

const ALL = Array.from({ length: STRIPES }, (_, stripe) => stripe);

function stripeOf(tripId: string): number {
  let hash = 0;
  for (let i = 0; i < tripId.length; i++) hash = (hash * 31 + tripId.charCodeAt(i)) | 0;
  return Math.abs(hash) % STRIPES;
}
