import { createArrivals } from "../kit/event-loop.ts";

/** How long requests are started without a break. */
const STRETCH_MS = 10;

/**
 * Starts requests one after the other, for 10 ms at a stretch. Between two stretches the event loop does its other
 * work. Otherwise a thousand requests that arrive together would keep it from refusing the next one, and from reporting
 * that the process lives.
 * While each turn brings a new connection, stretches are put off by up to 100 ms.
 *
 * @param isArriving whether this turn of the event loop brought a connection
 */
export function createTurns(isArriving = createArrivals(), stretchMs = STRETCH_MS): (start: () => void) => void {
  let waiting: (() => void)[] = [];
  let isDue = false;
  const startSome = () => {
    if (isArriving()) {
      setImmediate(startSome);
      return;
    }
    const until = performance.now() + stretchMs;
    let started = 0;
    while (started < waiting.length && performance.now() < until) waiting[started++]?.();
    waiting = waiting.slice(started);
    isDue = waiting.length > 0;
    if (isDue) setImmediate(startSome);
  };
  return (start) => {
    waiting.push(start);
    if (!isDue) setImmediate(startSome);
    isDue = true;
  };
}
