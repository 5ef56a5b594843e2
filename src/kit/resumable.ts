import { within } from "./within.ts";

export interface ResumableSteps {
  /** Does all that is left of one piece of work. It can be ended and called again at any point. */
  finish: (id: string, signal: AbortSignal) => Promise<void>;
  /** Work that has begun and that no process continues. */
  left: () => Promise<string[]>;
  /** Called when a piece of work has ended here, whatever became of it. */
  onEnd: (id: string) => void;
  logError: (error: unknown, id: string) => void;
}

/** Work in the background that survives this process: the database says what is left of it. */
export interface Resumable {
  /**
   * Does the work, unless it is under way here already. Resolves once it has ended or the time is over; the rest then
   * follows by itself.
   */
  run: (id: string, waitMs: number) => Promise<void>;
  /** Goes on with what this or another process left. */
  resume: () => Promise<void>;
  stop: () => Promise<void>;
}

/** Does pieces of work, each once at a time in this process. */
export function createResumable({ finish, left, onEnd, logError }: ResumableSteps): Resumable {
  const stopping = new AbortController();
  const running = new Map<string, Promise<void>>();
  const start = (id: string): Promise<void> => {
    const known = running.get(id);
    if (known) return known;
    const work = finish(id, stopping.signal)
      .catch((error) => {
        if (!stopping.signal.aborted) logError(error, id);
      })
      .finally(() => {
        running.delete(id);
        onEnd(id);
      });
    running.set(id, work);
    return work;
  };
  return {
    run: (id, waitMs) => within(start(id), waitMs, () => {}),
    resume: async () => {
      for (const id of await left()) if (!stopping.signal.aborted) void start(id);
    },
    stop: async () => {
      stopping.abort();
      await Promise.all(running.values());
    },
  };
}
