import { type Batch, type Outcome, REJECT_LIMITS, type RejectLimits } from "../batches/batch.ts";
import { capRejected, jsonOf } from "../batches/cap-rejected.db.ts";
import { findBatches } from "../batches/find-batch.db.ts";
import { insertRejected } from "../batches/insert-rejected.db.ts";
import { receiptOf, verdictsOf } from "../batches/receipt.db.ts";
import type { Receipt } from "../batches/receipt.ts";
import { type SourceTally, tallyRows } from "../batches/row-tally.ts";
import type { Transaction } from "../database/client.ts";
import { AppError } from "../errors.ts";
import { takeNumbers } from "../storage/batch-numbers.db.ts";
import { withoutClosed } from "../storage/closed-weeks.db.ts";
import { datesOf, type Inserted, insertTrips } from "../storage/insert-trips.db.ts";
import { warningsOn } from "../storage/row-warnings.db.ts";
import { countedTransaction, inTransaction, type Store } from "../storage/trip-transaction.db.ts";

/**
 * Stores batches: the good rows, the rejected rows, the receipts and the idempotency keys, in one transaction that is
 * committed when this returns. A batch with a key that was used before stores nothing and gives the earlier receipt. If
 * the database refuses one batch, the others do not fail: each batch is then stored by itself.
 *
 * The errors among the outcomes: idempotency_key_reused if the key belongs to another request; database_unavailable.
 */
export async function storeBatches(
  store: Store,
  batches: readonly Batch[],
  limits = REJECT_LIMITS,
): Promise<Outcome[]> {
  try {
    const times = batches.flatMap(({ trips }) => trips.map(({ trip }) => trip.startedAt));
    return await countedTransaction(store, "requests", times, (tx) => storeAll(tx, store, batches, limits));
  } catch (error) {
    if (batches.length === 1 || error instanceof AppError) return batches.map(() => ({ error }));
    const outcomes: Outcome[] = [];
    for (const batch of batches) outcomes.push(...(await storeBatches(store, [batch], limits)));
    return outcomes;
  }
}

type Numbered = Batch & { number: number };

async function storeAll(
  tx: Transaction,
  store: Store,
  batches: readonly Batch[],
  limits: RejectLimits,
): Promise<{ result: Outcome[]; tallies: SourceTally[] }> {
  const earlier = await claimKeys(tx, batches);
  const fresh = batches.filter(({ batchId }) => !earlier.has(batchId));
  const stored = await insertBatches(tx, store, fresh, limits);
  const receipts = new Map(
    [
      ...stored.map(({ receipt }) => receipt),
      ...(await findBatches(
        tx,
        [...earlier.values()].map((e) => e.batch_id),
      )),
    ].map((receipt) => [receipt.batch_id, receipt]),
  );
  const result = batches.map((batch): Outcome => {
    const used = earlier.get(batch.batchId);
    if (used && Buffer.compare(used.digest, batch.idempotency?.digest ?? new Uint8Array()) !== 0) {
      return { error: keyReused(used.batch_id) };
    }
    const receipt = receipts.get(used?.batch_id ?? batch.batchId);
    return receipt ? { receipt } : { error: new Error(`the batch ${used?.batch_id} of an idempotency key is gone`) };
  });
  return { result, tallies: stored.flatMap(({ tallies }) => tallies) };
}

export function keyReused(batchId: string): AppError {
  const detail = "This Idempotency-Key was used before, for a request with another body or other parameters.";
  return new AppError("idempotency_key_reused", detail, { batch_id: batchId });
}

interface Earlier {
  batch_id: string;
  digest: Uint8Array;
}

/**
 * Claims the keys for these batches. If another transaction holds a key, this waits for its end, so one of two equal
 * requests does the work. If several batches have one key, the first gets it.
 *
 * @returns the earlier uses of keys, by the batch that wants the key now
 */
export async function claimKeys(
  tx: Transaction,
  batches: readonly Pick<Batch, "batchId" | "idempotency">[],
): Promise<Map<string, Earlier>> {
  const wanted = new Map<string, Earlier & { owner: string; key: string }>();
  for (const { batchId, idempotency } of batches) {
    if (!idempotency || wanted.has(nameOf(idempotency))) continue;
    const { key, owner = "", digest } = idempotency;
    wanted.set(nameOf(idempotency), { owner, key, batch_id: batchId, digest });
  }
  if (wanted.size === 0) return new Map();
  // In one order everywhere, so that two transactions cannot wait for each other.
  const claims = [...wanted].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, claim]) => claim);
  const keys = claims.map(({ key }) => key);
  const owners = claims.map(({ owner }) => owner);
  const claimed = await tx`
    insert into tripgrid.idempotency_keys (owner, key, digest, batch_id)
    select * from unnest(${owners}::text[], ${keys}::text[], ${claims.map(({ digest }) => hex(digest))}::text[]::bytea[],
                         ${claims.map((claim) => claim.batch_id)}::uuid[])
    on conflict (owner, key) do nothing returning 1`;
  if (claimed.length < keys.length) {
    const used = await tx<(Earlier & { owner: string; key: string })[]>`
      select owner, key, batch_id, digest from tripgrid.idempotency_keys
      where (owner, key) in (select * from unnest(${owners}::text[], ${keys}::text[]))`;
    for (const earlier of used) wanted.set(nameOf(earlier), earlier);
  }
  const holders = batches.map(({ batchId, idempotency }) => ({
    batchId,
    holder: idempotency && wanted.get(nameOf(idempotency)),
  }));
  return new Map(
    holders.flatMap(({ batchId, holder }) => (holder && holder.batch_id !== batchId ? [[batchId, holder]] : [])),
  );
}

const nameOf = ({ owner = "", key }: { owner?: string | undefined; key: string }) => JSON.stringify([owner, key]);

const hex = (bytes: Uint8Array | undefined) => `\\x${Buffer.from(bytes ?? []).toString("hex")}`;

/** What must be known of a request to resubmit its rejected rows, and to tell how it was read. */
function requestOf({ identity, namedSource: source, format }: Batch): string | null {
  const kept = {
    ...(identity === "row" ? { identity } : {}),
    ...(source === undefined ? {} : { source }),
    ...(format && Object.keys(format).length > 0 ? { format } : {}),
  };
  return Object.keys(kept).length === 0 ? null : JSON.stringify(kept);
}

/** Says what `storeBatches` would do with a batch. Nothing of it is kept; partitions for its weeks may stay. */
export async function tryBatch(store: Store, batch: Batch, limits = REJECT_LIMITS): Promise<Receipt> {
  const times = batch.trips.map(({ trip }) => trip.startedAt);
  let outcome: Outcome | undefined;
  const rollback = new Error("a dry run is rolled back");
  await inTransaction(store, times, async (tx) => {
    [outcome] = (await storeAll(tx, store, [batch], limits)).result;
    throw rollback;
  }).catch((error) => {
    if (error !== rollback) throw error;
  });
  if (outcome && "receipt" in outcome) return outcome.receipt;
  throw outcome?.error;
}

/**
 * Stores batches without idempotency keys in the given transaction, which `inTransaction` began for their times.
 *
 * @returns each batch with its rejected rows, those of closed weeks too, and its receipt
 */
export async function insertBatches(
  tx: Transaction,
  store: Store,
  given: readonly Batch[],
  limits: RejectLimits,
): Promise<{ batch: Batch; receipt: Receipt; tallies: SourceTally[] }[]> {
  if (given.length === 0) return [];
  const numbers = await takeNumbers(tx, store.memory, given.length);
  const sent = given.map((batch, i): Numbered => ({ ...batch, number: numbers[i] as number }));
  const rows = await insertTrips(tx, sent, store.memory);
  const stored = rows.map(({ inserted, closed, weeks }, i) => {
    const batch = withoutClosed(sent[i] as Numbered, closed, store.memory);
    const verdicts = batch.withVerdicts ? verdictsOf(batch, inserted) : undefined;
    const tallies = store.counts ? tallyRows(batch, inserted) : [];
    return {
      batch,
      inserted: inserted.size,
      tallies,
      weeks: datesOf(weeks),
      verdicts,
      capped: capRejected(batch.rejected, limits),
    };
  });
  const batches = stored.map(({ batch }) => batch);
  const warnings = await warningsOn(
    tx,
    batches.map(({ trips, number }, i) => ({ trips, number, done: rows[i] as Inserted })),
    store.memory.names,
  );
  const times = await tx<{ batch_id: string; created_at: string; committed_at: string }[]>`
    insert into tripgrid.batches (batch_id, state, mapping, received, inserted, duplicates, rejected, columns, request,
                                  verdicts, rejects_dropped, rejects_bytes, dropped_by_reason, source, owner, number, weeks, warnings,
                                  committed_at)
    select batch_id, 'committed', mapping, received, inserted, received - inserted - rejected, rejected,
           case when columns is not null then array(select jsonb_array_elements_text(columns)) end, request, verdicts,
           rejects_dropped, rejects_bytes, dropped_by_reason, source, owner, number, weeks::date[], warnings, clock_timestamp()
    from unnest(
      ${batches.map((b) => b.batchId)}::uuid[],
      ${batches.map((b) => b.mapping)}::text[],
      ${batches.map((b) => b.received)}::int[],
      ${stored.map((s) => s.inserted)}::int[],
      ${batches.map((b) => b.rejected.length)}::int[],
      ${batches.map((b) => (b.columns ? JSON.stringify(b.columns) : null))}::text[]::jsonb[],
      ${batches.map(requestOf)}::text[]::jsonb[],
      ${stored.map((s) => (s.verdicts ? JSON.stringify(s.verdicts) : null))}::text[]::jsonb[],
      ${stored.map((s) => s.capped.dropped)}::int[],
      ${stored.map((s) => s.capped.bytes)}::bigint[],
      ${stored.map((s) => jsonOf(s.capped.byReason))}::text[]::jsonb[],
      ${batches.map((b) => (b.source ? JSON.stringify(b.source) : null))}::text[]::jsonb[],
      ${batches.map(({ owner = null }) => owner)}::text[],
      ${batches.map((b) => b.number)}::int[],
      ${stored.map((s) => `{${s.weeks.join(",")}}`)}::text[],
      ${warnings.map((one) => (Object.keys(one).length > 0 ? JSON.stringify(one) : null))}::text[]::jsonb[]
    ) as b (batch_id, mapping, received, inserted, rejected, columns, request, verdicts, rejects_dropped, rejects_bytes,
            dropped_by_reason, source, owner, number, weeks, warnings)
    returning batch_id, created_at, committed_at`;
  await insertRejected(
    tx,
    stored.flatMap(({ batch: { batchId }, capped }) => capped.kept.map((row) => ({ batchId, ...row }))),
  );
  const calling = batches.filter(({ callback }) => callback !== undefined);
  if (calling.length > 0) {
    await tx`
      insert into tripgrid.callbacks (batch_id, url)
      select * from unnest(${calling.map((b) => b.batchId)}::uuid[], ${calling.map((b) => b.callback ?? "")}::text[])`;
  }
  const timeOf = new Map(times.map((t) => [t.batch_id, t]));
  return stored.map((s, i) => ({
    batch: s.batch,
    receipt: receiptOf({ ...s, ...timeOf.get(s.batch.batchId), warnings: warnings[i] }),
    tallies: s.tallies,
  }));
}
