/**
 * Settles as the promise does, or as `late` does once that takes longer. Nothing is stopped: what the promise stands
 * for goes on, and its outcome is ignored.
 *
 * @param ms how long is waited
 * @param late gives the result instead, or throws
 * @param signal gives up at once, with the reason of the abort
 */
export async function within<T>(promise: Promise<T>, ms: number, late: () => T, signal?: AbortSignal): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  let abort = () => {};
  const givenUp = new Promise<T>((resolve, reject) => {
    timer = setTimeout(
      () => {
        try {
          resolve(late());
        } catch (error) {
          reject(error);
        }
      },
      Math.max(0, ms),
    );
    abort = () => reject(signal?.reason);
    signal?.addEventListener("abort", abort);
    if (signal?.aborted) abort();
  });
  try {
    return await Promise.race([promise, givenUp]);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", abort);
    // Nothing waits any more for the one that settles second.
    promise.catch(() => {});
  }
}
