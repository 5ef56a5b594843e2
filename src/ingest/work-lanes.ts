/** Schedules which batches are processed at the same time: most side by side, a suspect alone. */
export interface Lanes {
  /**
   * Waits for its turn.
   *
   * @param alone waits until the others have stopped, which they do between two chunks, and keeps them out until it
   * leaves
   * @returns the function that leaves
   */
  enter(alone: boolean): Promise<() => void>;
  /** Steps aside for a batch that must be alone. The batches that are not alone call this between two chunks. */
  pass(): Promise<void>;
}

export function createLanes(): Lanes {
  /** The number of batches that are processed side by side, and whether one is alone. */
  let busy = 0;
  let isAlone = false;
  const beside: (() => void)[] = [];
  const toBeAlone: (() => void)[] = [];

  const letIn = () => {
    if (isAlone) return;
    if (toBeAlone.length > 0) {
      if (busy > 0) return;
      isAlone = true;
      toBeAlone.shift()?.();
      return;
    }
    busy += beside.length;
    for (const go of beside.splice(0)) go();
  };
  const waitIn = (queue: (() => void)[]) =>
    new Promise<void>((resolve) => {
      queue.push(resolve);
      letIn();
    });
  const leave = (alone: boolean) => {
    if (alone) isAlone = false;
    else busy--;
    letIn();
  };

  return {
    enter: async (alone) => {
      await waitIn(alone ? toBeAlone : beside);
      let isInside = true;
      return () => {
        if (isInside) leave(alone);
        isInside = false;
      };
    },
    pass: async () => {
      if (toBeAlone.length === 0) return;
      leave(false);
      await waitIn(beside);
    },
  };
}
