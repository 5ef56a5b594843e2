import { Ticker } from "../kit/poller.ts";
import { within } from "../kit/within.ts";

/**
 * After a run, the scheduler rests this many times as long as the run took, and uses a quarter of a connection's time
 * at most.
 */
const REST = 3;
/** How long a stop waits for a refresh. An interrupted refresh has changed nothing, or runs again. */
const STOP_MS = 3000;

export interface RollupKeeper {
  /** Refreshes now, without waiting for the next turn. */
  trigger(): void;
  stop(): Promise<void>;
}

/**
 * Keeps the rollups up to date in the background for as long as the service runs.
 *
 * @param refreshRollups refreshes the pending weeks
 * @param everyMs the interval of the checks for pending weeks; undefined: nothing is refreshed
 * @param onError called with the first error of a series of failures
 */
export function scheduleRollups(
  refreshRollups: (signal: AbortSignal) => Promise<unknown>,
  everyMs: number | undefined,
  onError: (error: unknown) => void,
): RollupKeeper {
  if (everyMs === undefined) return { trigger: () => {}, stop: async () => {} };
  const stopping = new AbortController();
  let notBefore = 0;
  const ticker = new Ticker(
    async () => {
      if (performance.now() < notBefore) return;
      const started = performance.now();
      await refreshRollups(stopping.signal);
      notBefore = performance.now() + REST * (performance.now() - started);
    },
    everyMs,
    (error) => stopping.signal.aborted || onError(error),
  );
  ticker.run(true);
  return {
    trigger: () => {
      notBefore = 0;
      ticker.trigger();
    },
    stop: async () => {
      stopping.abort();
      await within(ticker.stop(), STOP_MS, () => {});
    },
  };
}
