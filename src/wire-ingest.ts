import pLimit from "p-limit";
import type { Logger } from "pino";
import type { Ingest, LoadTrips, Work, WorkRequest } from "./batch.ts";
import type { Config } from "./config.ts";
import { type Address, createClient, isAway, type Sql } from "./db/client.ts";
import { newMemory } from "./db/insert-trips.ts";
import { listMappings } from "./db/mappings.ts";
import { dropPayload, queueBatch, readPayload, savePayloadPart } from "./db/queue-batch.ts";
import type { Store } from "./db/store.ts";
import { storeBatches } from "./db/store-batches.ts";
import { type ClaimedWork, claimWork, type Lane } from "./db/work.ts";
import { finishBatch, keepMapping, startBatch, storeChunk } from "./db/work-steps.ts";
import { AppError } from "./errors.ts";
import { type Admission, createAdmission } from "./ingest/admission.ts";
import { type DoBatchDeps, doBatch, skipping } from "./ingest/do-batch.ts";
import { createGatherer } from "./ingest/gather.ts";
import { createIngest } from "./ingest/ingest.ts";
import { createQueuePayload } from "./ingest/queue-payload.ts";
import { rememberMappings } from "./ingest/remember-mappings.ts";
import { readUnchanged } from "./ingest/sent-file.ts";
import { type Failures, startWorker, type Worker } from "./ingest/work-off.ts";
import { yearsFrom } from "./time.ts";
import { type ImportParts, wireImports } from "./wire-imports.ts";

export interface IngestParts {
  ingest: Ingest;
  loadTrips: LoadTrips;
  admission: Admission;
  imports: ImportParts;
  store: Store;
  /** Looks for queued batches now. */
  nudge: () => void;
  /** A mapping was defined, changed or deleted. */
  forgetMappings: () => void;
  stop(): Promise<void>;
}

/**
 * Puts the way in together: what comes by HTTP is gathered or queued, and what is queued is worked off in this process.
 *
 * @param onChange called when this process has stored something of a batch
 * @param watchInbox whether files that appear in the inbox are taken by themselves
 */
export function wireIngest(
  sql: Sql,
  address: Address,
  config: Config,
  log: Logger,
  onChange: () => void,
  watchInbox: boolean,
): IngestParts {
  const embedded = "socketFolder" in address;
  const store: Store = { sql, partitions: new Set(), memory: newMemory(!embedded) };
  const bulk = pLimit(embedded ? 1 : config.writers);
  const loadTrips = createGatherer({
    storeBatches: async (batches) => {
      const outcomes = await storeBatches(store, batches);
      onChange();
      return outcomes;
    },
    waitMs: config.gatherMs,
    maxRows: config.gatherRows,
    bulk,
  });
  const admission = createAdmission(config.maxRequests, config.inflightBytes);
  const { customMappings, forget } = rememberMappings(() => listMappings(sql));

  const steps: Omit<DoBatchDeps, "signal"> = {
    open: (work, from) => openPayload(sql, work, from),
    start: (batchId) => startBatch(sql, batchId),
    keepMapping: keepMapping.bind(null, sql),
    storeChunk: async (chunk) => {
      await storeChunk(store, chunk);
      onChange();
    },
    finish: async (batchId, error) => {
      await finishBatch(sql, batchId, error);
      onChange();
    },
    customMappings,
    bulk,
    writers: embedded ? 1 : config.writers,
    startRange: () => ({ min: config.minTime, max: yearsFrom(new Date(), 1) }),
  };
  const onQueued = () => {
    nudge();
    onChange();
  };
  const imports = wireImports(sql, config, log, { customMappings, onQueued, watch: watchInbox });
  const openSession = embedded ? undefined : () => createClient(address, { max: 1 });
  const claim = claimer((lane, isMine) => claimWork(sql, openSession, lane, isMine));
  const failures: Failures = new Map();
  const workers: Worker[] = LANES.map((lane) =>
    startWorker({
      claim: (isMine) => claim(lane, (id, request) => isMine(id) && imports.canJudge(request)),
      doBatch: (work, signal) => doBatch(work, { ...steps, signal }),
      fail: steps.finish,
      mayPass,
      failures,
      logError: (error, batchId) => log.error({ err: error, batch_id: batchId }, "a batch could not be worked on"),
    }),
  );
  const nudge = () => {
    for (const worker of workers) worker.nudge();
  };
  const ingest = createIngest({
    loadTrips,
    queuePayload: createQueuePayload({
      savePart: savePayloadPart.bind(null, sql),
      dropPayload: dropPayload.bind(null, sql),
      queueBatch: queueBatch.bind(null, sql),
      customMappings,
      onQueued,
      maxBodyBytes: config.maxBodyBytes,
    }),
    customMappings,
    admission,
    syncBodyBytes: config.syncBodyBytes,
    maxBodyBytes: config.maxBodyBytes,
    minTime: config.minTime,
  });
  return {
    ingest,
    loadTrips,
    admission,
    imports,
    store,
    nudge,
    forgetMappings: forget,
    stop: async () => {
      await imports.stop();
      await Promise.all(workers.map((worker) => worker.stop()));
    },
  };
}

/** What is worked on side by side: a large payload must not hold up the small ones that come after it. */
const LANES: readonly Lane[] = ["payloads", "payloads", "payloads", "files"];

type Claim = (
  lane: Lane,
  isMine: (batchId: string, request: WorkRequest) => boolean,
) => Promise<ClaimedWork | undefined>;

/** Keeps the workers of this process apart, which the locks of sessions do only between processes. */
function claimer(claim: Claim): Claim {
  const working = new Set<string>();
  return async (lane, isMine) => {
    const looked: string[] = [];
    let claimed: ClaimedWork | undefined;
    try {
      claimed = await claim(lane, (batchId, request) => {
        if (working.has(batchId) || !isMine(batchId, request)) return false;
        working.add(batchId);
        looked.push(batchId);
        return true;
      });
    } finally {
      for (const batchId of looked) if (batchId !== claimed?.work.batchId) working.delete(batchId);
    }
    const found = claimed;
    return (
      found && {
        work: found.work,
        release: async () => {
          await found.release().finally(() => working.delete(found.work.batchId));
        },
      }
    );
  };
}

function openPayload(sql: Sql, { batchId, request, bytes }: Work, from: number): AsyncIterable<Buffer> {
  return request.file ? readUnchanged(request.file, from) : skipping(readPayload(sql, batchId, bytes), from);
}

/** Away, full, locked, starting, shutting down or out of something: SQLSTATE classes that are no fault of what is stored. */
function mayPass(error: unknown): boolean {
  if (error instanceof AppError) return ["database_unavailable", "took_too_long"].includes(error.code);
  const { code = "" } = error as { code?: string };
  return isAway(code) || /^(25|40|53|54|55|57|58)/.test(code);
}
