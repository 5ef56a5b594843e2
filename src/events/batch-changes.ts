import type { BatchChange, Receipt } from "../batches/receipt.ts";

/** The numbers of changes from `from` to `to`, both included. */
export interface NumberRange {
  from: number;
  to: number;
}

/**
 * The transactions at the moment of a look: all before `xmin` have ended, and none from `xmax` on had begun. A change
 * whose transaction has ended is visible or was rolled back.
 */
export interface Snapshot {
  xmin: number;
  xmax: number;
}

/** The start for following: the highest visible number, and the invisible numbers just below it. */
export interface StartOfChanges {
  high: number;
  gaps: NumberRange[];
  snapshot: Snapshot;
}

export interface FoundChanges {
  /** Lowest number first. */
  changes: BatchChange[];
  /** True if there may be more changes than the limit. */
  isFull: boolean;
  snapshot: Snapshot;
}

export type StartChanges = () => Promise<StartOfChanges>;

/**
 * The batches with a last change after a number or in one of the gaps. Returns the lowest of each kind, up to a limit.
 */
export type FindChanges = (after: number, gaps: readonly NumberRange[], limit: number) => Promise<FoundChanges>;

/** The given batches that changed after their known number. */
export type FindStates = (known: readonly { batchId: string; after: number }[]) => Promise<BatchChange[]>;

/** An event for a follower: a receipt, and the id to resume from after a disconnect. */
export interface BatchEvent {
  id: string;
  receipt: Receipt;
  /** Who sent the batch. Null or undefined: no credential was asked for. */
  owner?: string | null | undefined;
}

/**
 * The events of one follower. A follower that takes no events delays no other, and costs a bounded amount of memory.
 */
export interface Feed<E = BatchEvent> {
  /**
   * The next events that were not taken yet, some at a time. Undefined: there are none now. Followers at the same
   * position get the same array, so that its bytes are made once for all of them.
   */
  take(): readonly E[] | undefined;
  /** True if no more events follow. */
  readonly isOver: boolean;
  /** Called when there may be events to take. */
  onEvents: () => void;
  /** Ends the feed: its follower takes no more events. */
  close(): void;
  /** Aborted once either side has closed the feed. */
  readonly closed: AbortSignal;
}

/**
 * Follows one batch to its end: its current state, unless that is known already, then each change.
 *
 * @param after the last known change
 * @returns undefined if the batch does not exist, `over` if its end is known already
 */
export type FollowBatch = (batchId: string, after: number | undefined) => Promise<Feed | "over" | undefined>;

/**
 * Follows all batches, without an end.
 *
 * @param after all changes up to this number are known. Undefined: only new changes follow
 * @returns the feed, and the id to return with before its first event
 */
export type FollowBatches = (after: number | undefined) => Promise<{ feed: Feed; id: string }>;

/** True if a batch is done. */
export const isFinal = ({ state }: Receipt): boolean =>
  state === "committed" || state === "failed" || state === "undone";

/**
 * The id of an event in the stream of all batches: the number up to which a receiver of the event knows all changes,
 * and the event's own number. They differ because changes do not become visible in the order of their numbers.
 */
export const eventId = (low: number, changeId: number): string => `${low}-${changeId}`;

/** The number up to which a receiver of this id knows all changes. Undefined: the text is not an id. */
export function knownBy(id: string): number | undefined {
  const low = /^(\d{1,15})-\d{1,15}$/.exec(id)?.[1];
  return low === undefined ? undefined : Number(low);
}
