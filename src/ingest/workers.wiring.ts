import { randomUUID } from "node:crypto";
import { join } from "node:path";
import type { WorkRequest } from "../batches/work.ts";
import { type Address, createClient, type Sql } from "../database/client.ts";
import { mayPass } from "../database/may-pass.ts";
import type { Wiring } from "../wiring.ts";
import { type Failures, startWorker, type Worker } from "./batch-worker.ts";
import { beginWork, type ClaimedWork, claimWork, endWork, type Lane } from "./claim-batch.db.ts";
import { type LastWords, prepareLastWords } from "./crash-reports.ts";
import { type ProcessDeps, processBatch } from "./process-batch.ts";
import { createLanes } from "./work-lanes.ts";

export interface Workers {
  /** Looks for queued batches now. */
  trigger(): void;
  lastWords: LastWords;
  stop(): Promise<void>;
}

/**
 * Starts the workers of this process. They claim queued batches and process them.
 *
 * @param canJudge whether this process can decide the outcome of a batch that came as a file
 */
export function startWorkers(
  { lanes, config, intervals, log }: Wiring,
  address: Address,
  steps: Omit<ProcessDeps, "signal" | "pass">,
  canJudge: (request: WorkRequest) => boolean,
): Workers {
  const { sql } = lanes.ingest;
  const openSession =
    "socketFolder" in address
      ? undefined
      : () => createClient(address, { max: 1, statementTimeoutMs: LOCK_MS, hardMs: 2 * LOCK_MS });
  const processId = randomUUID();
  const lastWords = prepareLastWords(join(config.dataFolder, "crashes"), processId);
  const claim = claimer((lane, isMine) => claimWork(sql, openSession, lane, isMine, processId, lastWords.hasCrashed));
  const turns = createWorkTurns(sql, processId);
  const failures: Failures = new Map();
  const workers: Worker[] = LANES.map((lane) =>
    startWorker({
      claim: (isMine) => claim(lane, (id, request) => isMine(id) && canJudge(request)),
      begin: turns.begin,
      processBatch: (work, signal) => processBatch(work, { ...steps, pass: () => turns.pass(work.batchId), signal }),
      fail: steps.finish,
      mayPass,
      failures,
      lookEveryMs: intervals.batchesMs,
      logError: (error, batchId) => log.error({ err: error, batch_id: batchId }, "a batch could not be worked on"),
    }),
  );
  return {
    trigger: () => {
      for (const worker of workers) worker.trigger();
    },
    lastWords,
    stop: async () => {
      await Promise.all(workers.map((worker) => worker.stop()));
    },
  };
}

/** The time limit of a lock query. A lock is obtained at once or not at all. */
const LOCK_MS = 10_000;

/** The workers that run side by side: a large payload must not hold up the small ones that come after it. */
const LANES: readonly Lane[] = ["payloads", "payloads", "payloads", "files"];

type Claim = (
  lane: Lane,
  isMine: (batchId: string, request: WorkRequest) => boolean,
) => Promise<ClaimedWork | undefined>;

/** Keeps the workers of this process apart. The locks of sessions do that only between processes. */
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
        ...found,
        release: async () => {
          await found.release().finally(() => working.delete(found.work.batchId));
        },
      }
    );
  };
}

/**
 * Lets batches be processed side by side. After a process ended over a batch, that batch is processed alone, so that
 * another death identifies it.
 */
function createWorkTurns(sql: Sql, processId: string) {
  const lanes = createLanes();
  const alone = new Set<string>();
  return {
    begin: async (claimed: ClaimedWork) => {
      const { batchId } = claimed.work;
      const isAlone = claimed.deaths > 0;
      const leave = await lanes.enter(isAlone);
      if (isAlone) alone.add(batchId);
      const end = async () => {
        alone.delete(batchId);
        leave();
        // A mark that stays belongs to this process, and does not count as another process's death.
        await endWork(sql, batchId, processId).catch(() => {});
      };
      try {
        await beginWork(sql, claimed, processId);
      } catch (error) {
        await end();
        throw error;
      }
      return end;
    },
    pass: async (batchId: string) => {
      if (!alone.has(batchId)) await lanes.pass();
    },
  };
}
