import { Ticker } from "./ticker.ts";

/** How often it is looked whether there is something to take up. */
const EVERY_MS = 5000;
/** After a run, a rest of so many times as long as it took: a quarter of one connection's time at the most. */
const REST = 3;
/** A refresh that is broken off has changed nothing, or will be done once more. */
const STOP_MS = 3000;

export interface RollupKeeper {
  /** Refreshes now, without waiting for the next turn. */
  nudge(): void;
  stop(): Promise<void>;
}

/**
 * Keeps the rollups up to date in the background for as long as the service runs.
 *
 * @param refreshRollups takes up what is missing
 * @param onError called with the first error of a row of failures
 */
export function keepRollups(
  refreshRollups: (signal: AbortSignal) => Promise<unknown>,
  onError: (error: unknown) => void,
): RollupKeeper {
  const stopping = new AbortController();
  let notBefore = 0;
  const ticker = new Ticker(
    async () => {
      if (performance.now() < notBefore) return;
      const started = performance.now();
      await refreshRollups(stopping.signal);
      notBefore = performance.now() + REST * (performance.now() - started);
    },
    EVERY_MS,
    (error) => stopping.signal.aborted || onError(error),
  );
  ticker.run(true);
  return {
    nudge: () => {
      notBefore = 0;
      ticker.nudge();
    },
    stop: async () => {
      stopping.abort();
      await Promise.race([ticker.stop(), new Promise((resolve) => setTimeout(resolve, STOP_MS).unref())]);
    },
  };
}
