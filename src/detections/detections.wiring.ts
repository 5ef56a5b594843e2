import type { LimitFunction } from "p-limit";
import type { Engine } from "../database/engine.ts";
import type { Admission } from "../ingest/admission.ts";
import { Ticker } from "../kit/poller.ts";
import type { Store } from "../storage/trip-transaction.db.ts";
import { yearsFrom } from "../time/time.ts";
import { ingestDeadlineMs, type Wiring } from "../wiring.ts";
import { countDetections } from "./detection-stats.db.ts";
import type { CountDetections, ListDetections } from "./detections.ts";
import { compressOldDetections, dropOldDetections, foldCounts } from "./keep-detections.db.ts";
import { listDetections } from "./list-detections.db.ts";
import { createReceiveDetections, type ReceiveDetections } from "./receive-detections.ts";
import { storeDetections } from "./store-detections.db.ts";
import { topicDetections } from "./topic-detections.db.ts";

interface Given {
  store: Store;
  /** Shared with the other writers of many rows. */
  bulk: LimitFunction;
  admission: Admission;
  engine: Engine;
  /** Called when this process has stored a batch. */
  onChange: () => void;
}

export interface DetectionParts {
  calls: { receiveDetections: ReceiveDetections; listDetections: ListDetections; countDetections: CountDetections };
  /** The subject of the topic of detections. Undefined: they do not come by a topic. */
  topic: ReturnType<typeof topicDetections> | undefined;
  /** Drops and compresses old detections. */
  tidy(): Promise<void>;
  stop(): Promise<void>;
}

const FOLD_EVERY_MS = 5000;

/** Wires what takes detections in, keeps their counts, and shows them. */
export function wireDetections(wiring: Wiring, { store, bulk, admission, engine, onChange }: Given): DetectionParts {
  const { config, lanes, log, room, db, questions } = wiring;
  const rejectLimits = { rows: config.maxRejectedRows, bytes: config.maxRejectedBytes };
  const background = lanes.background.sql;
  const folding = new Ticker(
    async () => {
      if (await foldCounts(background)) folding.trigger();
    },
    FOLD_EVERY_MS,
    (err) => log.warn({ err }, "the counts of detections could not be folded; they stay exact"),
  );
  folding.run(true);
  const stopping = new AbortController();
  // A request is answered by a deadline, whatever the database does.
  const prompt: Store = { ...store, sql: wiring.sql };
  return {
    calls: {
      receiveDetections: createReceiveDetections({
        store: async (batch) => {
          const receipt = await bulk(() => storeDetections(prompt, batch, rejectLimits));
          onChange();
          return receipt;
        },
        ...{ admission, limits: config, minTime: config.minTime, deadlineMs: ingestDeadlineMs(config) },
        ...{ syncBodyBytes: config.syncBodyBytes, minBytesPerS: config.minBytesPerS },
      }),
      listDetections: (filters, limit, start) => listDetections(db, filters, limit, start),
      countDetections: (by, filters, limit) => countDetections(questions, by, filters, limit),
    },
    topic:
      config.detectionsTopic === undefined
        ? undefined
        : topicDetections({
            ...{ topic: config.detectionsTopic, store, bulk, rejectLimits, room },
            range: () => ({ min: config.minTime, max: yearsFrom(new Date(), 1) }),
            ...{ limits: config, onStored: onChange },
          }),
    tidy: async () => {
      const dropped = await dropOldDetections(background, config.detectionsRetentionWeeks, stopping.signal);
      if (dropped > 0) log.info({ dropped }, "old detections were dropped");
      await compressOldDetections(background, engine, config.compressAfterWeeks);
    },
    stop: async () => {
      stopping.abort();
      await folding.stop();
    },
  };
}
