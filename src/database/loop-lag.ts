const EVERY_MS = 50;
/** The event loop is behind if a timer came this late within about a second. */
const LATE_MS = 100;
/** What a lateness counts for after each further sample. After 15 samples 500 ms count for 100. */
const FADING = 0.9;

/**
 * Watches whether the event loop keeps up with its work.
 *
 * @param now milliseconds of a clock that only goes forward
 * @returns tells whether the loop is behind
 */
export function watchLoop(now = () => performance.now()): () => boolean {
  let due = now() + EVERY_MS;
  let late = 0;
  setInterval(() => {
    late = Math.max(now() - due, late * FADING);
    due = now() + EVERY_MS;
  }, EVERY_MS).unref();
  return () => Math.max(late, now() - due) > LATE_MS;
}
