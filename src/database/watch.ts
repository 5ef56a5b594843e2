import { type Connection, lostError } from "./connection.ts";
import type { DriverQuery } from "./driver.ts";

/**
 * Rejects a statement if its connection is lost, and throws the connection away if no answer comes in time.
 *
 * @param ended called once the statement is settled by the driver, or its connection is lost
 */
export function watch(query: DriverQuery, mine: Connection, hardMs: number | undefined, ended: () => void): void {
  mine.last = query;
  const { resolve, reject } = query;
  const lost = () => finish(() => reject(mine.lost.reason));
  const timer =
    hardMs === undefined
      ? undefined
      : setTimeout(() => mine.destroy(lostError(`no answer within ${hardMs} ms`)), hardMs);
  const finish = (settle: () => void) => {
    clearTimeout(timer);
    mine.lost.removeEventListener("abort", lost);
    settle();
    ended();
  };
  query.resolve = (value) => finish(() => resolve(value));
  query.reject = (error) => {
    // The server reports the reason before it closes the connection. No other caller may get the connection then.
    if ((error as { severity?: string } | undefined)?.severity === "FATAL") mine.destroy(error as Error);
    finish(() => reject(error));
  };
  if (mine.lost.aborted) lost();
  else mine.lost.addEventListener("abort", lost, { once: true });
}
