export type GiveBack = (keep?: number) => void;

/** Bytes that may be taken at one time; who wants more than is left waits its turn. */
export interface Budget {
  /** Whether somebody is waiting. */
  isFull(): boolean;
  /**
   * @param bytes more than there are at all counts as all of them
   * @param patienceMs how long to wait at most; none: for as long as it takes
   * @returns gives the bytes back, all or but so many; nothing if patience ran out
   */
  take(bytes: number, patienceMs?: number): Promise<GiveBack | undefined>;
}

export function createBudget(maxBytes: number): Budget {
  let free = maxBytes;
  const queue: { bytes: number; go: () => void }[] = [];

  const letIn = () => {
    for (let next = queue[0]; next && next.bytes <= free; next = queue[0]) {
      queue.shift();
      free -= next.bytes;
      next.go();
    }
  };

  return {
    isFull: () => queue.length > 0,
    take: (wanted, patienceMs) =>
      new Promise((resolve) => {
        const bytes = Math.min(wanted, maxBytes);
        let timer: NodeJS.Timeout | undefined;
        const entry = {
          bytes,
          go: () => {
            clearTimeout(timer);
            let held = bytes;
            resolve((keep = 0) => {
              const kept = Math.min(keep, held);
              free += held - kept;
              held = kept;
              letIn();
            });
          },
        };
        queue.push(entry);
        letIn();
        if (patienceMs === undefined || !queue.includes(entry)) return;
        timer = setTimeout(() => {
          queue.splice(queue.indexOf(entry), 1);
          letIn();
          resolve(undefined);
        }, patienceMs);
      }),
  };
}
