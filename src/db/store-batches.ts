import type { Batch, Outcome, Receipt } from "../batch.ts";
import { AppError } from "../errors.ts";
import type { Transaction } from "./client.ts";
import { withoutClosed } from "./closed-weeks.ts";
import { findBatches } from "./find-batch.ts";
import { insertRejected } from "./insert-rejected.ts";
import { type Inserted, insertTrips } from "./insert-trips.ts";
import { receiptOf, verdictsOf } from "./receipt.ts";
import { inTransaction, type Store } from "./store.ts";

/**
 * Stores batches: the good rows, the rejected ones, the receipts and the idempotency keys, in one transaction that has
 * been committed when this returns. A batch whose key was used before stores nothing and gives the earlier receipt. What
 * the database refuses of one batch does not fail the others: each is then stored by itself.
 *
 * The errors among the outcomes: idempotency_key_reused if the key belongs to another request; database_unavailable.
 */
export async function storeBatches(store: Store, batches: readonly Batch[]): Promise<Outcome[]> {
  try {
    const times = batches.flatMap(({ trips }) => trips.map(({ trip }) => trip.startedAt));
    return await inTransaction(store, times, (tx) => storeAll(tx, store, batches));
  } catch (error) {
    if (batches.length === 1 || error instanceof AppError) return batches.map(() => ({ error }));
    const outcomes: Outcome[] = [];
    for (const batch of batches) outcomes.push(...(await storeBatches(store, [batch])));
    return outcomes;
  }
}

async function storeAll(tx: Transaction, store: Store, batches: readonly Batch[]): Promise<Outcome[]> {
  const earlier = await claimKeys(tx, batches);
  const fresh = batches.filter(({ batchId }) => !earlier.has(batchId));
  const receipts = new Map(
    [
      ...(await storeFresh(tx, store, fresh)),
      ...(await findBatches(
        tx,
        [...earlier.values()].map((e) => e.batch_id),
      )),
    ].map((receipt) => [receipt.batch_id, receipt]),
  );
  return batches.map((batch) => {
    const used = earlier.get(batch.batchId);
    if (used && Buffer.compare(used.digest, batch.idempotency?.digest ?? new Uint8Array()) !== 0) {
      return { error: keyReused(used.batch_id) };
    }
    const receipt = receipts.get(used?.batch_id ?? batch.batchId);
    return receipt ? { receipt } : { error: new Error(`the batch ${used?.batch_id} of an idempotency key is gone`) };
  });
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
 * Takes the keys for these batches. If another transaction holds one, this waits for that one's end: one of two equal
 * requests does the work. Of several batches with one key the first has it.
 *
 * @returns what keys were used for before, by the batch that wanted them now
 */
export async function claimKeys(
  tx: Transaction,
  batches: readonly Pick<Batch, "batchId" | "idempotency">[],
): Promise<Map<string, Earlier>> {
  const wanted = new Map<string, Earlier>();
  for (const { batchId, idempotency } of batches) {
    if (!idempotency || wanted.has(idempotency.key)) continue;
    wanted.set(idempotency.key, { batch_id: batchId, digest: idempotency.digest });
  }
  if (wanted.size === 0) return new Map();
  // In one order everywhere, so that two transactions cannot wait for each other.
  const keys = [...wanted.keys()].sort();
  const claimed = await tx<{ key: string }[]>`
    insert into tripgrid.idempotency_keys (key, digest, batch_id)
    select * from unnest(${keys}::text[],
                         ${keys.map((key) => hex(wanted.get(key)?.digest))}::text[]::bytea[],
                         ${keys.map((key) => wanted.get(key)?.batch_id ?? "")}::uuid[])
    on conflict (key) do nothing returning key`;
  if (claimed.length < keys.length) {
    const used = await tx<(Earlier & { key: string })[]>`
      select key, batch_id, digest from tripgrid.idempotency_keys where key = any (${keys})`;
    for (const { key, ...earlier } of used) wanted.set(key, earlier);
  }
  const holders = batches.map(({ batchId, idempotency }) => ({ batchId, holder: wanted.get(idempotency?.key ?? "") }));
  return new Map(
    holders.flatMap(({ batchId, holder }) => (holder && holder.batch_id !== batchId ? [[batchId, holder]] : [])),
  );
}

const hex = (bytes: Uint8Array | undefined) => `\\x${Buffer.from(bytes ?? []).toString("hex")}`;

/** What became of the rows of each batch. */
async function insertAll(tx: Transaction, store: Store, batches: readonly Batch[]): Promise<Inserted[]> {
  const [only, ...others] = batches;
  if (only && others.length === 0) return [await insertTrips(tx, only.trips, store.memory)];
  // Numbered through, so that the lowest row of equal ones wins across the batches too.
  const rows = batches.flatMap((batch, i) => batch.trips.map(({ row, trip }) => ({ batch: i, batchRow: row, trip })));
  const numbered = rows.map(({ trip }, row) => ({ row, trip }));
  const all = await insertTrips(tx, numbered, store.memory);
  const ofEach = batches.map((): Inserted => ({ inserted: new Set(), closed: new Set() }));
  for (const what of ["inserted", "closed"] as const) {
    for (const n of all[what]) {
      const row = rows[n];
      if (row) ofEach[row.batch]?.[what].add(row.batchRow);
    }
  }
  return ofEach;
}

async function storeFresh(tx: Transaction, store: Store, sent: readonly Batch[]): Promise<Receipt[]> {
  if (sent.length === 0) return [];
  const rows = await insertAll(tx, store, sent);
  const stored = rows.map(({ inserted, closed }, i) => {
    const batch = withoutClosed(sent[i] as Batch, closed, store.memory);
    return { batch, inserted: inserted.size, verdicts: batch.withVerdicts ? verdictsOf(batch, inserted) : undefined };
  });
  const batches = stored.map(({ batch }) => batch);
  const times = await tx<{ batch_id: string; created_at: string; committed_at: string }[]>`
    insert into tripgrid.batches (batch_id, state, mapping, received, inserted, duplicates, rejected, columns, request,
                                  verdicts, committed_at)
    select batch_id, 'committed', mapping, received, inserted, received - inserted - rejected, rejected,
           case when columns is not null then array(select jsonb_array_elements_text(columns)) end, request, verdicts,
           clock_timestamp()
    from unnest(
      ${batches.map((b) => b.batchId)}::uuid[],
      ${batches.map((b) => b.mapping)}::text[],
      ${batches.map((b) => b.received)}::int[],
      ${stored.map((s) => s.inserted)}::int[],
      ${batches.map((b) => b.rejected.length)}::int[],
      ${batches.map((b) => (b.columns ? JSON.stringify(b.columns) : null))}::text[]::jsonb[],
      ${batches.map((b) => (b.identity === "row" ? '{"identity": "row"}' : null))}::text[]::jsonb[],
      ${stored.map((s) => (s.verdicts ? JSON.stringify(s.verdicts) : null))}::text[]::jsonb[]
    ) as b (batch_id, mapping, received, inserted, rejected, columns, request, verdicts)
    returning batch_id, created_at, committed_at`;
  await insertRejected(
    tx,
    batches.flatMap(({ batchId, rejected }) => rejected.map((row) => ({ batchId, ...row }))),
  );
  const calling = batches.filter(({ callback }) => callback !== undefined);
  if (calling.length > 0) {
    await tx`
      insert into tripgrid.callbacks (batch_id, url)
      select * from unnest(${calling.map((b) => b.batchId)}::uuid[], ${calling.map((b) => b.callback ?? "")}::text[])`;
  }
  const timeOf = new Map(times.map((t) => [t.batch_id, t]));
  return stored.map((s) => receiptOf({ ...s, ...timeOf.get(s.batch.batchId) }));
}
