/** How slow a reader may be. */
export interface SlowestPace {
  /** 0: any speed is allowed, as long as the reader does not stop. */
  bytesPerS: number;
  /** A reader that takes nothing for this long has stopped. */
  maxPauseMs: number;
}

/** Watches how fast a reader takes its bytes. */
export interface Pace {
  /** The reader has taken all the bytes given to it, and asks for more. */
  isAskedFor(): void;
  /** The reader asks, but there are no bytes for it yet. This time does not count against it. */
  waitsForUs(): void;
  gives(bytes: number): void;
  change(slowest: SlowestPace): void;
  stop(): void;
}

/** A reader may take this long for its first bytes. */
const START_MS = 10_000;
const LOOK_MS = 500;

/**
 * A reader has a credit of time. Each byte that it takes adds the time that the slowest allowed reader needs for it.
 * The time that it takes uses the credit up. The credit is never more than the longest pause.
 *
 * @param onTooSlow called once, when the credit is used up
 */
export function createPace(slowest: SlowestPace, onTooSlow: () => void, now = () => performance.now()): Pace {
  let { bytesPerS, maxPauseMs } = slowest;
  let creditMs = bytesPerS === 0 ? maxPauseMs : Math.min(START_MS, maxPauseMs);
  let given = 0;
  /** Start of the reader's turn. Undefined: it is the service's turn. */
  let since: number | undefined = now();
  const timer = setInterval(() => {
    if (since === undefined || now() - since <= creditMs) return;
    pace.stop();
    onTooSlow();
  }, LOOK_MS);
  timer.unref();
  const pace: Pace = {
    isAskedFor: () => {
      const usedMs = since === undefined ? 0 : now() - since;
      since = now();
      if (given === 0) return;
      const earnedMs = bytesPerS === 0 ? maxPauseMs : (given / bytesPerS) * 1000;
      creditMs = Math.min(creditMs - usedMs + earnedMs, maxPauseMs);
      given = 0;
    },
    waitsForUs: () => {
      since = undefined;
    },
    gives: (bytes) => {
      given += bytes;
      since ??= now();
    },
    change: (next) => {
      ({ bytesPerS, maxPauseMs } = next);
      creditMs = maxPauseMs;
    },
    stop: () => clearInterval(timer),
  };
  return pace;
}
