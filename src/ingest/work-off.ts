import { setTimeout as sleep } from "node:timers/promises";
import type { Work } from "../batch.ts";

/** How often a worker looks for batches that others have queued, or left. */
const LOOK_EVERY_MS = 1000;
/** So many tries without a step forward end a batch: what fails every time would be tried for ever. */
const TRIES = 5;
const MAX_WAIT_MS = 60_000;

export interface WorkerDeps {
  /** Takes a batch that nobody works on. */
  claim: (isMine: (batchId: string) => boolean) => Promise<{ work: Work; release: () => Promise<void> } | undefined>;
  doBatch: (work: Work, signal: AbortSignal) => Promise<void>;
  fail: (batchId: string, error: { code: string; detail: string }) => Promise<void>;
  /** Whether an error is one of the database's condition, which passes, and no fault of the batch or of ours. */
  mayPass: (error: unknown) => boolean;
  logError: (error: unknown, batchId: string | undefined) => void;
  lookEveryMs?: number;
  /** Shared by workers that take the same batches. */
  failures?: Failures;
}

/** How often a batch failed without a step forward, and when it is tried again. */
export type Failures = Map<string, { tries: number; chunks: number; notBefore: number }>;

export interface Worker {
  /** Looks for work now. */
  nudge(): void;
  /** Ends after the chunks under way; what is left is gone on with by whoever comes next. */
  stop(): Promise<void>;
}

/** Works batches off, one after the other, for as long as the process runs. */
export function startWorker(deps: WorkerDeps): Worker {
  const stopping = new AbortController();
  let wake = new AbortController();
  const failures = deps.failures ?? new Map();

  const isMine = (batchId: string) => (failures.get(batchId)?.notBefore ?? 0) <= Date.now();

  const onFailure = async (error: unknown, work: Work) => {
    deps.logError(error, work.batchId);
    const before = failures.get(work.batchId);
    const tries = before && before.chunks === work.chunks.size ? before.tries + 1 : 1;
    const waitMs = Math.min(1000 * 2 ** tries, MAX_WAIT_MS);
    failures.set(work.batchId, { tries, chunks: work.chunks.size, notBefore: Date.now() + waitMs });
    // Its rows were acknowledged: a database that is away, full or locked is waited for, as long as it takes.
    if (deps.mayPass(error) || tries < TRIES) return;
    failures.delete(work.batchId);
    await deps.fail(work.batchId, { code: "internal", detail: "Something went wrong here, not with the batch." });
  };

  /** @returns whether there was something to do */
  const workOnce = async (): Promise<boolean> => {
    const claimed = await deps.claim(isMine);
    if (!claimed) return false;
    try {
      await deps.doBatch(claimed.work, stopping.signal);
      failures.delete(claimed.work.batchId);
    } catch (error) {
      await onFailure(error, claimed.work);
      return false;
    } finally {
      await claimed.release();
    }
    return true;
  };

  const run = async () => {
    while (!stopping.signal.aborted) {
      wake = new AbortController();
      const worked = await workOnce().catch((error) => {
        if (!deps.mayPass(error)) deps.logError(error, undefined);
        return false;
      });
      if (worked) continue;
      const signal = AbortSignal.any([wake.signal, stopping.signal]);
      await sleep(deps.lookEveryMs ?? LOOK_EVERY_MS, undefined, { signal }).catch(() => {});
    }
  };

  const running = run();
  return {
    nudge: () => wake.abort(),
    stop: async () => {
      stopping.abort();
      await running;
    },
  };
}
