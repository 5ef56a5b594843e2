/** How long requests are started without a break. */
const STRETCH_MS = 10;
/** How many connections are accepted at most before requests are started again. */
const MAX_ACCEPTED = 200;

/**
 * Starts requests one after the other, for 10 ms at a stretch. Between two stretches the event loop does its other
 * work. Otherwise a thousand requests that arrive together would keep it from refusing the next one, and from reporting
 * that the process lives.
 *
 * Node accepts one connection in each turn of the event loop. If a stretch came with each turn, 2,000 connections that
 * are opened together would be accepted over 10 s. So no stretch begins while each turn brings a new connection.
 *
 * @param connections the number of connections accepted so far
 */
export function createTurns(connections: () => number, stretchMs = STRETCH_MS): (start: () => void) => void {
  let waiting: (() => void)[] = [];
  let isDue = false;
  let [seen, accepted] = [0, 0];
  const startSome = () => {
    const news = connections() - seen;
    seen += news;
    accepted += news;
    if (news > 0 && accepted < MAX_ACCEPTED) {
      setImmediate(startSome);
      return;
    }
    accepted = 0;
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
