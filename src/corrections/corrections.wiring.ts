import { isVisible } from "../batches/batches.wiring.ts";
import { findBatch } from "../batches/find-batch.db.ts";
import { findRejectedRecords } from "../batches/rejected-rows.db.ts";
import type { Admission } from "../ingest/admission.ts";
import { checkBound } from "../kit/bounds.ts";
import { Ticker } from "../kit/poller.ts";
import { createResumable } from "../kit/resumable.ts";
import type { LookupsFor } from "../lookups/lookup.ts";
import type { FindMapping } from "../mappings/mapping.ts";
import type { Store } from "../storage/trip-transaction.db.ts";
import type { Wiring } from "../wiring.ts";
import { beginUndo, undosLeft } from "./begin-undo.db.ts";
import { cancelTrip } from "./cancel-trip.db.ts";
import { replaceTrip } from "./correct-trip.db.ts";
import { createCorrectTrip } from "./correct-trip.ts";
import type { CancelTrip, CorrectTrip } from "./correction.ts";
import { finishUndo } from "./finish-undo.db.ts";
import { findBatchToResubmit, storeResubmitted } from "./resubmit-rejects.db.ts";
import { createResubmitRejects } from "./resubmit-rejects.ts";
import { createUndo } from "./undo.ts";

interface Given {
  store: Store;
  admission: Admission;
  findMapping: FindMapping;
  lookupsFor: LookupsFor;
  /** Called when a receipt has changed. */
  onChange: () => void;
}

/** How long a request waits for the end of an undo before it is told to follow it. */
const UNDO_WAIT_MS = 5000;
/** How often undos that another process left are looked for. */
const LOOK_EVERY_MS = 10_000;

export function wireCorrections({ config, sql, db, log }: Wiring, given: Given) {
  const store = { ...given.store, sql };
  const correctTrip = createCorrectTrip({ replaceTrip: replaceTrip.bind(null, store, db), minTime: config.minTime });
  const trips: { correctTrip: CorrectTrip; cancelTrip: CancelTrip } = {
    correctTrip: async (address, body) => {
      checkBound("source", address.source);
      return correctTrip(address, body);
    },
    cancelTrip: async (address, forget) => {
      checkBound("source", address.source);
      return cancelTrip(sql, address, forget);
    },
  };
  const work = createResumable({
    finish: (batchId, signal) => finishUndo(given.store, batchId, signal),
    left: () => undosLeft(given.store.sql),
    onEnd: given.onChange,
    logError: (error, batchId) => log.error({ err: error, batch_id: batchId }, "a batch could not be undone"),
  });
  const looking = new Ticker(work.resume, LOOK_EVERY_MS, (err) => log.warn({ err }, "undos could not be looked for"));
  looking.run(true);
  const stop = async () => {
    await Promise.all([looking.stop(), work.stop()]);
  };
  const calls = {
    undoBatch: createUndo({
      begin: beginUndo.bind(null, sql),
      find: findBatch.bind(null, sql),
      work,
      onChange: given.onChange,
      waitMs: UNDO_WAIT_MS,
    }),
    ...trips,
    resubmitRejects: createResubmitRejects({
      findBatch: async (id) => ((await isVisible({ sql }, id)) ? findBatchToResubmit(sql, id) : undefined),
      findRecords: findRejectedRecords.bind(null, sql),
      findMapping: given.findMapping,
      lookupsFor: given.lookupsFor,
      storeResubmitted: async (mended) => {
        const receipt = await storeResubmitted(store, mended);
        given.onChange();
        return receipt;
      },
      admission: given.admission,
      maxBodyBytes: Math.min(config.maxBodyBytes, config.syncBodyBytes * 4),
      minBytesPerS: config.minBytesPerS,
      limits: config,
      minTime: config.minTime,
    }),
  };
  return { calls, stop };
}
