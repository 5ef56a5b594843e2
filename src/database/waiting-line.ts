import { AppError } from "../errors.ts";
import type { Caller } from "../kit/caller.ts";

export interface LineOptions {
  /** How many may be served at one time. */
  max: number;
  /** How many may wait. Undefined: any number. */
  maxWaiting?: number | undefined;
  /** How many of the waiting ones one client may have. */
  maxWaitingPerClient?: number | undefined;
  /** The longest wait. Undefined: no limit. */
  waitMs?: number | undefined;
  /**
   * Whether the process is behind with its work. While it is, one is served at a time, beside those that are served for
   * longer than a wait: an export may take hours.
   */
  isBehind?: (() => boolean) | undefined;
}

/** Gives a place back. It must be called in the end. */
export type Leave = () => void;

interface Waiter {
  caller: Caller | undefined;
  go: (leave: Leave) => void;
}

/**
 * Serves `max` callers at one time and lets the others wait. Clients take turns. If there is more than one place, no
 * client and no kind of question gets the last one, so another one always finds a place. A key may have a lower limit.
 *
 * @throws AppError too_many_requests if too many wait already; overloaded if its turn does not come in time, or is not
 * expected to
 */
export function createWaitingLine(options: LineOptions) {
  const { max, maxWaiting, maxWaitingPerClient, waitMs, isBehind = () => false } = options;
  const serving = { all: 0, clients: new Map<string, number>(), kinds: new Map<string, number>() };
  /** In the order of arrival. */
  const waiting: Waiter[] = [];
  const waitingOf = new Map<string, number>();
  /** Whose calls ended lately, and when. */
  let ended: { client: string; at: number }[] = [];
  /** When a turn last did not come in time. */
  let lastLate = Number.NEGATIVE_INFINITY;
  /** When those began who are served now. */
  const begun = new Set<{ at: number }>();
  const isServingShort = () => {
    const from = performance.now() - (waitMs ?? Number.POSITIVE_INFINITY);
    for (const { at } of begun) if (at > from) return true;
    return false;
  };
  const mayBeServed = ({ caller }: Waiter) => {
    if (serving.all >= max || (isBehind() && isServingShort())) return false;
    if (!caller || max === 1) return true;
    const most = max - 1;
    const mostOfClient = Math.min(most, caller.maxQuestions ?? most);
    return (serving.clients.get(caller.client) ?? 0) < mostOfClient && (serving.kinds.get(caller.kind) ?? 0) < most;
  };
  const count = (caller: Caller | undefined, by: 1 | -1) => {
    serving.all += by;
    if (!caller) return;
    add(serving.clients, caller.client, by);
    add(serving.kinds, caller.kind, by);
  };
  const serve = (waiter: Waiter) => {
    count(waiter.caller, 1);
    let isInside = true;
    const began = { at: performance.now() };
    begun.add(began);
    waiter.go(() => {
      if (!isInside) return;
      isInside = false;
      begun.delete(began);
      if (waiter.caller && waitMs !== undefined) {
        ended = ended.filter(({ at }) => at > performance.now() - waitMs);
        ended.push({ client: waiter.caller.client, at: performance.now() });
      }
      count(waiter.caller, -1);
      letIn();
    });
  };
  const letIn = () => {
    while (serving.all < max) {
      const next = nextOf(waiting.filter(mayBeServed), serving.clients);
      if (!next) return;
      remove(next);
      serve(next);
    }
  };
  const remove = (waiter: Waiter) => {
    const at = waiting.indexOf(waiter);
    if (at < 0) return;
    waiting.splice(at, 1);
    if (waiter.caller) add(waitingOf, waiter.caller.client, -1);
  };

  /** Why a caller gets no place in the line. Undefined: it gets one. */
  const refusal = (caller: Caller | undefined): AppError | undefined => {
    if (waiting.length >= (maxWaiting ?? Number.POSITIVE_INFINITY)) return tooMany();
    const mine = caller ? (waitingOf.get(caller.client) ?? 0) : 0;
    if (mine >= (maxWaitingPerClient ?? Number.POSITIVE_INFINITY)) return tooManyOfOne(mine);
    if (waitMs === undefined || mine === 0) return undefined;
    const from = performance.now() - waitMs;
    if (lastLate <= from) return undefined;
    // Where turns come too late, no more wait than are served in the time of a wait.
    const served = ended.filter(({ client, at }) => client === caller?.client && at > from).length;
    return mine >= served ? overloaded(waitMs, (mine / Math.max(1, served)) * waitMs) : undefined;
  };

  return {
    /**
     * Checks whether a caller would get a place in the line.
     *
     * @throws AppError too_many_requests, overloaded
     */
    check: (caller: Caller | undefined): void => {
      const refused = refusal(caller);
      if (refused) throw refused;
    },
    /** How many wait now. */
    waiting: () => waiting.length,
    /** How many are served now. */
    serving: () => serving.all,
    /**
     * Waits for a place. A client that hangs up meanwhile gets none.
     *
     * @param late aborts when the place is not wanted any more
     */
    enter: (caller: Caller | undefined, late?: AbortSignal): Promise<Leave> =>
      new Promise((resolve, reject) => {
        const signals = [caller?.signal, late].filter((signal) => signal !== undefined);
        for (const signal of signals) signal.throwIfAborted();
        const waiter: Waiter = { caller, go: resolve };
        if (mayBeServed(waiter) && !waiting.some(mayBeServed)) return serve(waiter);
        const refused = refusal(caller);
        if (refused) return reject(refused);
        waiting.push(waiter);
        if (caller) add(waitingOf, caller.client, 1);
        const stopWaiting = () => {
          clearTimeout(timer);
          for (const signal of signals) signal.removeEventListener("abort", aborted);
        };
        const leaveLine = (error: unknown) => {
          stopWaiting();
          remove(waiter);
          reject(error);
        };
        const aborted = () => leaveLine(signals.find((signal) => signal.aborted)?.reason);
        const comesLate = () => {
          lastLate = performance.now();
          leaveLine(overloaded(waitMs as number));
        };
        const timer = waitMs === undefined ? undefined : setTimeout(comesLate, waitMs);
        for (const signal of signals) signal.addEventListener("abort", aborted, { once: true });
        waiter.go = (leave) => {
          stopWaiting();
          resolve(leave);
        };
        // Somebody before it may be served by now: the process has caught up, or a question has become a long one.
        letIn();
      }),
  };
}

export type WaitingLine = ReturnType<typeof createWaitingLine>;

/** The first waiter of the client that is served least. */
function nextOf(candidates: readonly Waiter[], clients: ReadonlyMap<string, number>): Waiter | undefined {
  const served = ({ caller }: Waiter) => (caller ? (clients.get(caller.client) ?? 0) : 0);
  return candidates.reduce<Waiter | undefined>(
    (best, one) => (!best || served(one) < served(best) ? one : best),
    undefined,
  );
}

function add(counts: Map<string, number>, key: string, by: number): void {
  const now = (counts.get(key) ?? 0) + by;
  if (now > 0) counts.set(key, now);
  else counts.delete(key);
}

const refused = (code: "too_many_requests" | "overloaded", detail: string, retryAfterSeconds: number) =>
  new AppError(code, detail, {}, { retryAfterSeconds });
const tooMany = () => refused("too_many_requests", "Too many questions wait already. Ask again in a moment.", 2);
const tooManyOfOne = (count: number) =>
  refused("too_many_requests", `${count} questions of yours wait already. Ask fewer at one time.`, 2);
const overloaded = (waitMs: number, expectedMs?: number) =>
  refused(
    "overloaded",
    `The question's turn ${expectedMs === undefined ? "did not" : "would not"} come within ${waitMs / 1000} s. Ask again later.`,
    Math.min(30, Math.ceil((expectedMs ?? 5000) / 1000)),
  );
