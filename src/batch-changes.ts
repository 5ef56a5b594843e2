import type { BatchChange, Receipt } from "./batch.ts";

/** Numbers of changes from `from` to `to`, both included. */
export interface NumberRange {
  from: number;
  to: number;
}

/**
 * The transactions at the moment of a look: every one before `xmin` has ended, and from `xmax` on none had begun. A change
 * whose transaction has ended is seen or was rolled back.
 */
export interface Snapshot {
  xmin: number;
  xmax: number;
}

/** Where following begins: the highest number that can be seen, and those close below it that cannot. */
export interface StartOfChanges {
  high: number;
  gaps: NumberRange[];
  snapshot: Snapshot;
}

export interface FoundChanges {
  /** Lowest number first. */
  changes: BatchChange[];
  /** Whether there may be more than was asked for. */
  isFull: boolean;
  snapshot: Snapshot;
}

export type StartChanges = () => Promise<StartOfChanges>;

/** The batches whose last change is after a number, or in one of the gaps; of each kind the lowest, up to a limit. */
export type FindChanges = (after: number, gaps: readonly NumberRange[], limit: number) => Promise<FoundChanges>;

/** Those of these batches that changed after a number of their own. */
export type FindStates = (known: readonly { batchId: string; after: number }[]) => Promise<BatchChange[]>;

/** What is sent to a follower: a receipt, and the id from which it goes on if it has to come back. */
export interface BatchEvent {
  id: string;
  receipt: Receipt;
}

/** The events of one follower, taken one by one. Whoever takes none holds up nobody, and costs a bounded amount of memory. */
export interface Feed {
  /** The next event; `quiet` if none came for so long; undefined at the end. To be called again only once it has resolved. */
  next(waitMs: number): Promise<BatchEvent | "quiet" | undefined>;
  /** Nobody takes any more. */
  close(): void;
  /** Aborted once it was closed, also from the other side. */
  readonly closed: AbortSignal;
}

/**
 * Follows one batch to its end: its state now, unless that is known already, then each change.
 *
 * @param after the last change that is known
 * @returns undefined if there is no such batch, `over` if its end is known already
 */
export type FollowBatch = (batchId: string, after: number | undefined) => Promise<Feed | "over" | undefined>;

/**
 * Follows all batches, without an end.
 *
 * @param after all changes up to this number are known; none: what comes from now on
 * @returns the feed, and the id to come back with before its first event
 */
export type FollowBatches = (after: number | undefined) => Promise<{ feed: Feed; id: string }>;

/** Whether a batch is done. */
export const isFinal = ({ state }: Receipt): boolean => state === "committed" || state === "failed";

/**
 * The id of an event among those of all batches: the number up to which all is known to who has got this event, and its
 * own number. They differ because changes become visible in another order than that of their numbers.
 */
export const eventId = (low: number, changeId: number): string => `${low}-${changeId}`;

/** The number up to which all is known to who got the event with this id; undefined if it is none. */
export function knownBy(id: string): number | undefined {
  const low = /^(\d{1,15})-\d{1,15}$/.exec(id)?.[1];
  return low === undefined ? undefined : Number(low);
}
