import { AppError } from "../errors.ts";

/**
 * The purposes of held memory: incoming bodies, the rows made of them, answers on their way to a slow reader, and
 * events that wait for followers. Each has a share of the total that no other one can take, so readers never starve
 * writers.
 */
export const SHARES = { bodies: 0.25, rows: 0.5, answers: 0.2, events: 0.05 } as const;
export type Purpose = keyof typeof SHARES;

/** A request that finds no room is refused within 100 ms. Until then another request may give room back. */
const PATIENCE_MS = 80;

/**
 * The only admission for memory that is held for clients. It has a fixed total of bytes, which are taken as they come
 * and given back.
 */
export interface Room {
  /** Creates a hold of no bytes. The caller must release it in the end, also after an error. */
  hold(purpose: Purpose): Hold;
  /** Bytes held now, by purpose. */
  held(): Readonly<Record<Purpose, number>>;
  /** Whether a hold waits for this kind of room. */
  isFull(purpose: Purpose): boolean;
}

export interface Hold {
  /** Bytes held now. */
  readonly bytes: number;
  /**
   * Takes this many more bytes. More than the whole share counts as the whole share.
   *
   * @throws AppError too_many_requests if they are not free within 80 ms
   */
  take(bytes: number): Promise<void>;
  /** Takes this many more bytes if they are free now and no other hold waits. Returns whether it took them. */
  tryTake(bytes: number): boolean;
  /**
   * Takes this many more bytes in turn, for a step of work that is already admitted.
   *
   * @param patienceMs the longest wait; undefined: no limit
   * @throws AppError overloaded if they are not free within that time
   */
  wait(bytes: number, patienceMs?: number): Promise<void>;
  /** Gives back the bytes held beyond `bytes`. */
  keep(bytes: number): void;
  release(): void;
}

/** @param maxBytes for all purposes together */
export function createRoom(maxBytes: number): Room {
  const shares = Object.fromEntries(
    Object.entries(SHARES).map(([purpose, share]) => [purpose, createShare(Math.floor(maxBytes * share))]),
  ) as Record<Purpose, Share>;
  return {
    hold: (purpose) => createHold(shares[purpose]),
    held: () => ({
      bodies: shares.bodies.held(),
      rows: shares.rows.held(),
      answers: shares.answers.held(),
      events: shares.events.held(),
    }),
    isFull: (purpose) => shares[purpose].isFull(),
  };
}

interface Share {
  maxBytes: number;
  held(): number;
  isFull(): boolean;
  tryTake(bytes: number): boolean;
  /** Resolves to whether the bytes were taken. Without `patienceMs` the wait has no limit. */
  take(bytes: number, patienceMs?: number): Promise<boolean>;
  giveBack(bytes: number): void;
}

function createShare(maxBytes: number): Share {
  let free = maxBytes;
  const queue: { bytes: number; go: () => void }[] = [];
  const letIn = () => {
    for (let next = queue[0]; next && next.bytes <= free; next = queue[0]) {
      queue.shift();
      free -= next.bytes;
      next.go();
    }
  };
  const tryTake = (bytes: number) => {
    if (queue.length > 0 || bytes > free) return false;
    free -= bytes;
    return true;
  };
  return {
    maxBytes,
    held: () => maxBytes - free,
    isFull: () => queue.length > 0,
    tryTake,
    take: async (bytes, patienceMs) => {
      if (tryTake(bytes)) return true;
      return new Promise((resolve) => {
        let timer: NodeJS.Timeout | undefined;
        const entry = {
          bytes,
          go: () => {
            clearTimeout(timer);
            resolve(true);
          },
        };
        queue.push(entry);
        if (patienceMs === undefined) return;
        timer = setTimeout(() => {
          queue.splice(queue.indexOf(entry), 1);
          letIn();
          resolve(false);
        }, patienceMs);
      });
    },
    giveBack: (bytes) => {
      free += bytes;
      letIn();
    },
  };
}

function createHold(share: Share): Hold {
  let bytes = 0;
  let isReleased = false;
  /** Bytes beyond the size of the share are not counted: a single large hold takes the whole share. */
  const capped = (wanted: number) => Math.min(wanted, share.maxBytes - bytes);
  const got = (more: number) => {
    bytes += more;
    if (isReleased) hold.keep(0);
  };
  const hold = {
    get bytes() {
      return bytes;
    },
    take: async (wanted: number) => {
      const more = capped(wanted);
      if (more > 0 && !(await share.take(more, PATIENCE_MS))) throw noRoom();
      got(more);
    },
    tryTake: (wanted: number) => {
      const more = capped(wanted);
      if (more > 0 && !share.tryTake(more)) return false;
      got(more);
      return true;
    },
    wait: async (wanted: number, patienceMs?: number) => {
      const more = capped(wanted);
      if (more > 0 && !(await share.take(more, patienceMs))) throw noRoomIn(patienceMs ?? 0);
      got(more);
    },
    keep: (kept: number) => {
      const back = Math.max(0, bytes - kept);
      bytes -= back;
      share.giveBack(back);
    },
    release: () => {
      isReleased = true;
      hold.keep(0);
    },
  };
  return hold;
}

const noRoom = () =>
  new AppError(
    "too_many_requests",
    "The memory set apart for requests is taken by others now; nothing was stored. Send it again in a moment.",
    {},
    { retryAfterSeconds: 1 },
  );

const noRoomIn = (ms: number) =>
  new AppError(
    "overloaded",
    `The memory set apart for rows was taken by others for ${ms / 1000} s; nothing was stored. Send it again.`,
    {},
    { retryAfterSeconds: 2 },
  );
