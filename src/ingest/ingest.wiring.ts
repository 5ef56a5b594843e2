import { join } from "node:path";
import pLimit, { type LimitFunction } from "p-limit";
import type { LoadTrips } from "../batches/batch.ts";
import type { CheckCallback, DryRun, Ingest } from "../batches/ingest-request.ts";
import type { Work, WorkRequest } from "../batches/work.ts";
import { callbackUrl } from "../callbacks/callback.ts";
import { receiveContainer } from "../containers/receive-container.ts";
import type { Address, Sql } from "../database/client.ts";
import type { RateLimits } from "../kit/rate-limit.http.ts";
import { limitShown } from "../kit/shown.ts";
import type { LookupsFor } from "../lookups/lookup.ts";
import type { Mapping } from "../mappings/mapping.ts";
import { newMemory } from "../storage/insert-trips.db.ts";
import type { Store } from "../storage/trip-transaction.db.ts";
import { skipping } from "../text/peek.ts";
import { yearsFrom } from "../time/time.ts";
import { ingestDeadlineMs, type Wiring } from "../wiring.ts";
import { type Admission, createAdmission } from "./admission.ts";
import { finishBatch, keepMapping, startBatch, storeChunk } from "./batch-progress.db.ts";
import { countPoison } from "./claim-batch.db.ts";
import type { LastWords } from "./crash-reports.ts";
import { createDryRun } from "./dry-run.ts";
import { createGroupCommit } from "./group-commit.ts";
import type { ProcessDeps } from "./process-batch.ts";
import { dropPayload, queueBatch, readPayload, savePayloadPart } from "./queue-batch.db.ts";
import { createQueuePayload } from "./queue-payload.ts";
import { type QueueStatus, queueStatus } from "./queue-status.db.ts";
import { readMember } from "./read-member.ts";
import { createIngest, type IngestDeps } from "./receive-trips.ts";
import { readUnchanged } from "./sent-file.ts";
import { storeBatches, tryBatch } from "./store-batches.db.ts";
import { startWorkers } from "./workers.wiring.ts";

interface Given {
  address: Address;
  /** The mappings that were defined here, beside those built in. */
  customMappings: () => Promise<readonly Mapping[]>;
  lookupsFor: LookupsFor;
  /** Whether this process can decide the outcome of a batch that came as a file. */
  canJudge: (request: WorkRequest) => boolean;
  /** Called when this process has stored something of a batch. */
  onChange: () => void;
}

export interface IngestParts {
  calls: { ingest: Ingest; dryRun: DryRun; checkCallback: CheckCallback; rateLimits: RateLimits };
  loadTrips: LoadTrips;
  admission: Admission;
  store: Store;
  /** Limits the transactions that write many rows. */
  bulk: LimitFunction;
  /** Called after a batch is queued: the workers look for it at once. */
  onQueued: () => void;
  /** The number of batches that are set aside because they ended processes. */
  countPoison: () => Promise<number>;
  queueStatus: () => Promise<QueueStatus>;
  lastWords: LastWords;
  stop(): Promise<void>;
}

/** Wires the ingest. Requests by HTTP share commits or are queued. Queued batches are processed here. */
export function wireIngest(
  wiring: Wiring,
  { address, customMappings, lookupsFor, canJudge, onChange }: Given,
): IngestParts {
  const { config, lanes, room } = wiring;
  const isEmbedded = "socketFolder" in address;
  const { sql } = lanes.ingest;
  const deadlineMs = ingestDeadlineMs(config);
  const store: Store = {
    sql,
    patientSql: lanes.background.sql,
    partitions: new Set(),
    memory: { ...newMemory(!isEmbedded), assignsRegions: config.assignRegions },
    counts: wiring.metrics.ingest,
  };
  const bulk = pLimit(isEmbedded ? 1 : config.writers);
  limitShown(config.maxNameLength);
  const rejectLimits = { rows: config.maxRejectedRows, bytes: config.maxRejectedBytes };
  const loadTrips = createGroupCommit({
    storeBatches: async (batches) => {
      const outcomes = await storeBatches(store, batches, rejectLimits);
      onChange();
      return outcomes;
    },
    waitMs: config.groupCommitMs,
    maxRows: config.groupCommitRows,
    bulk,
    deadlineMs,
  });
  const admission = createAdmission(config.maxRequests, room);
  const steps: Omit<ProcessDeps, "signal" | "pass"> = {
    open: (work, from) => openPayload(sql, work, from),
    start: (batchId) => startBatch(sql, batchId),
    keepMapping: keepMapping.bind(null, sql),
    storeChunk: async (chunk) => {
      await storeChunk(store, chunk, rejectLimits);
      onChange();
    },
    finish: async (batchId, error) => {
      await finishBatch(sql, batchId, error);
      onChange();
    },
    customMappings,
    lookupsFor,
    bulk,
    writers: isEmbedded ? 1 : config.writers,
    startRange: () => ({ min: config.minTime, max: yearsFrom(new Date(), 1) }),
    limits: config,
    room,
  };
  const workers = startWorkers(wiring, address, steps, canJudge);
  const onQueued = () => {
    workers.trigger();
    onChange();
  };
  const containers = { spoolFolder: join(config.dataFolder, "spool"), maxBodyBytes: config.maxBodyBytes };
  const deps: IngestDeps = {
    loadTrips,
    receiveContainer: receiveContainer.bind(null, containers),
    queuePayload: createQueuePayload({
      // A request is answered by a deadline, whatever the database does. A worker takes as long as it needs.
      savePart: savePayloadPart.bind(null, wiring.sql),
      dropPayload: dropPayload.bind(null, wiring.sql),
      queueBatch: queueBatch.bind(null, wiring.sql),
      customMappings,
      onQueued,
      maxBodyBytes: config.maxBodyBytes,
    }),
    customMappings,
    lookupsFor,
    admission,
    syncBodyBytes: config.syncBodyBytes,
    maxBodyBytes: config.maxBodyBytes,
    minBytesPerS: config.minBytesPerS,
    limits: config,
    minTime: config.minTime,
    deadlineMs,
  };
  const dryRun = createDryRun({ ...deps, tryBatch: (batch) => tryBatch(store, batch, rejectLimits) });
  const callbacks = config.callbackSecret === undefined ? undefined : { allowPrivate: config.callbackAllowPrivate };
  return {
    calls: {
      ingest: createIngest(deps),
      dryRun,
      checkCallback: (url) => callbackUrl(url, callbacks),
      rateLimits: admission.limits,
    },
    loadTrips,
    admission,
    store,
    bulk,
    onQueued,
    countPoison: () => countPoison(lanes.figures.sql),
    queueStatus: () => queueStatus(lanes.figures.sql),
    lastWords: workers.lastWords,
    stop: workers.stop,
  };
}

function openPayload(sql: Sql, { batchId, request, bytes }: Work, from: number): AsyncIterable<Buffer> {
  if (request.file?.member) return skipping(readMember(request.file, request.file.member), from);
  return request.file ? readUnchanged(request.file, from) : skipping(readPayload(sql, batchId, bytes), from);
}
