import type { Work } from "../batches/work.ts";
import { Ticker } from "../kit/poller.ts";

/** This many tries without progress end a batch. Otherwise a batch that fails every time would be tried for ever. */
const TRIES = 5;
const MAX_WAIT_MS = 60_000;

/** A batch is set aside when the deaths of processes that worked on it weigh this much. */
export const MAX_DEATHS = 10;
const POISON = {
  code: "poison",
  detail:
    "The work on this batch ended processes again and again, the last of which worked on nothing else. Its payload is kept.",
};

/** A batch that a worker has claimed. */
export interface Claimed {
  work: Work;
  /** The weight of the processes that ended during the work on it and stored nothing of it. */
  deaths: number;
  release: () => Promise<void>;
}

export interface WorkerDeps {
  /** Claims a batch that no worker works on. */
  claim: (isMine: (batchId: string) => boolean) => Promise<Claimed | undefined>;
  /** Waits for the turn of a batch and marks it as worked on. The returned function removes the mark. */
  begin: (claimed: Claimed) => Promise<() => Promise<void>>;
  processBatch: (work: Work, signal: AbortSignal) => Promise<void>;
  fail: (batchId: string, error: { code: string; detail: string }) => Promise<void>;
  /** Whether an error comes from a passing condition of the database, and is no fault of the batch or of ours. */
  mayPass: (error: unknown) => boolean;
  logError: (error: unknown, batchId: string | undefined) => void;
  /** How often the worker looks for batches that others queued or left. */
  lookEveryMs: number;
  /** Shared by workers that take the same batches. */
  failures?: Failures;
}

/** How often a batch failed without progress, and when it is tried again. */
export type Failures = Map<string, { tries: number; chunks: number; notBefore: number }>;

export interface Worker {
  /** Looks for work now. */
  trigger(): void;
  /** Ends after the chunks under way. The next worker resumes the rest. */
  stop(): Promise<void>;
}

/** Processes batches, one after the other, for as long as the process runs. */
export function startWorker(deps: WorkerDeps): Worker {
  const stopping = new AbortController();
  const failures = deps.failures ?? new Map();

  const isMine = (batchId: string) => (failures.get(batchId)?.notBefore ?? 0) <= Date.now();

  const onFailure = async (error: unknown, work: Work) => {
    deps.logError(error, work.batchId);
    const before = failures.get(work.batchId);
    const tries = before && before.chunks === work.chunks.size ? before.tries + 1 : 1;
    const waitMs = Math.min(1000 * 2 ** tries, MAX_WAIT_MS);
    failures.set(work.batchId, { tries, chunks: work.chunks.size, notBefore: Date.now() + waitMs });
    // The rows were acknowledged, so the worker waits as long as it takes for a database that is away, full or locked.
    if (deps.mayPass(error) || tries < TRIES) return;
    failures.delete(work.batchId);
    await deps.fail(work.batchId, { code: "internal", detail: "Something went wrong here, not with the batch." });
  };

  /** @returns whether there was something to do */
  const workOnce = async (): Promise<boolean> => {
    const claimed = await deps.claim(isMine);
    if (!claimed) return false;
    const { work } = claimed;
    try {
      if (claimed.deaths >= MAX_DEATHS) {
        await deps.fail(work.batchId, POISON);
        deps.logError(new Error(POISON.detail), work.batchId);
        return true;
      }
      const end = await deps.begin(claimed);
      try {
        await deps.processBatch(work, stopping.signal);
        failures.delete(work.batchId);
      } catch (error) {
        await onFailure(error, work);
        return false;
      } finally {
        await end();
      }
    } finally {
      await claimed.release();
    }
    return true;
  };

  const ticker = new Ticker(async () => {
    try {
      while (!stopping.signal.aborted && (await workOnce()));
    } catch (error) {
      if (!deps.mayPass(error)) deps.logError(error, undefined);
    }
  }, deps.lookEveryMs);
  ticker.run(true);
  return {
    trigger: () => ticker.trigger(),
    stop: async () => {
      stopping.abort();
      await ticker.stop();
    },
  };
}
