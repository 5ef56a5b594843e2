import { AppError } from "../errors.ts";
import { Ticker } from "../kit/poller.ts";
import { createRoom, type Room } from "../kit/room.ts";
import { AllBatchesFeed } from "./all-batches-feed.ts";
import type {
  FindChanges,
  FindStates,
  FollowBatch,
  FollowBatches,
  StartChanges,
  StartOfChanges,
} from "./batch-changes.ts";
import { eventId, isFinal } from "./batch-changes.ts";
import { OneBatchFeed } from "./one-batch-feed.ts";
import { RecentChanges } from "./recent-changes.ts";
import { SeenChanges } from "./seen-changes.ts";

/** The maximum number of changes of a look. Each change comes with its receipt, so a look must be bounded. */
const LIMIT = 200;
const MAX_FOLLOWERS = 5000;
/** The shares of time that followers may take from writers: for looks, and for sending the found changes. */
const SHARE_OF_LOOKS = 0.2;
const SHARE_OF_SENDING = 0.1;
const MAX_PAUSE_MS = 400;
/** Other work gets a turn at the latest after this time. */
const TURN_MS = 5;
const DEFAULT_ROOM = 192 * 1024 * 1024;

export interface FollowDeps {
  startChanges: StartChanges;
  findChanges: FindChanges;
  findStates: FindStates;
  /** Called when a look fails, for example while the database is unavailable. The next look follows as usual. */
  onError?: (error: unknown) => void;
  /** The interval of looks for changes. */
  everyMs?: number;
  /** Holds the recent changes. */
  room?: Room;
}

export interface Follower {
  followBatch: FollowBatch;
  followBatches: FollowBatches;
  /** Looks at once, because this process has changed a batch. */
  trigger(): void;
  /** The followers in this process, by what they follow. */
  followers(): { one_batch: number; all_batches: number };
  /** Ends all feeds, including later ones. Resolves once the database is not needed any more. */
  close(): Promise<void>;
}

/**
 * Finds the changes of batches for all followers in this process, whichever process made them. It polls, since the
 * embedded engine has no LISTEN, and only while there are followers.
 */
export function createFollower({
  startChanges,
  findChanges,
  findStates,
  onError,
  everyMs = 500,
  room = createRoom(DEFAULT_ROOM),
}: FollowDeps): Follower {
  const ones = new Map<OneBatchFeed, string>();
  const alls = new Set<AllBatchesFeed>();
  /** The state for followers of all batches. Undefined: there are none. */
  let all: { seen: SeenChanges; recent: RecentChanges } | undefined;
  let starting: Promise<StartOfChanges> | undefined;
  let isClosed = false;
  const ticker = new Ticker(look, everyMs, onError);

  /** Only one look runs at a time, so the changes that a feed is offered never go back in time. */
  async function look(): Promise<void> {
    const began = performance.now();
    if (all) await lookAtAll(all);
    for (const feed of alls) if (feed.wantsPageAfter !== undefined) await fillPage(feed, feed.wantsPageAfter);
    if (ones.size > 0) await lookAtOnes();
    const tookMs = performance.now() - began;
    const sentMs = await tellAll();
    const pauseMs = Math.max(tookMs / SHARE_OF_LOOKS - tookMs, sentMs / SHARE_OF_SENDING - sentMs);
    await new Promise((resolve) => setTimeout(resolve, Math.min(pauseMs, MAX_PAUSE_MS)));
  }

  async function lookAtAll({ seen, recent }: NonNullable<typeof all>): Promise<void> {
    const found = await findChanges(seen.high, seen.gaps, LIMIT);
    seen.add(found);
    recent.add(found.changes, seen.low);
    if (found.isFull) ticker.trigger();
  }

  async function fillPage(feed: AllBatchesFeed, after: number): Promise<void> {
    const { changes, isFull } = await findChanges(after, [], LIMIT);
    feed.givePage(changes, !isFull);
  }

  /**
   * Lets all followers take the found changes, some at a time.
   *
   * @returns the duration in milliseconds
   */
  async function tellAll(): Promise<number> {
    let sentMs = 0;
    let began = performance.now();
    for (const feed of [...alls]) {
      feed.onEvents();
      const turnMs = performance.now() - began;
      if (turnMs < TURN_MS) continue;
      sentMs += turnMs;
      await new Promise((resolve) => setImmediate(resolve));
      began = performance.now();
    }
    return sentMs + performance.now() - began;
  }

  async function lookAtOnes(): Promise<void> {
    const known = new Map<string, number>();
    for (const [feed, id] of ones) known.set(id, Math.min(feed.newest, known.get(id) ?? feed.newest));
    const states = await findStates([...known].map(([batchId, after]) => ({ batchId, after })));
    const byId = new Map(states.map((change) => [change.receipt.batch_id, change]));
    for (const [feed, id] of ones) {
      const change = byId.get(id);
      if (change) feed.offer(change);
    }
  }

  function checkRoom(): void {
    if (ones.size + alls.size < MAX_FOLLOWERS) return;
    const detail = `${MAX_FOLLOWERS} already follow batches here.`;
    throw new AppError("too_many_requests", detail, {}, { retryAfterSeconds: 5 });
  }

  const runWhileFollowed = () => ticker.run(ones.size + alls.size > 0);

  return {
    followBatch: async (batchId, after) => {
      checkRoom();
      const [now] = await findStates([{ batchId, after: -1 }]);
      if (!now) return undefined;
      if (isFinal(now.receipt) && after !== undefined && now.change_id <= after) return "over";
      const feed = new OneBatchFeed(after ?? -1, () => {
        ones.delete(feed);
        runWhileFollowed();
      });
      ones.set(feed, now.receipt.batch_id);
      feed.offer(now);
      runWhileFollowed();
      if (isClosed) feed.close();
      return feed;
    },

    followBatches: async (after) => {
      checkRoom();
      if (!all) {
        starting ??= startChanges().finally(() => {
          starting = undefined;
        });
        const start = await starting;
        if (!all) {
          const seen = new SeenChanges(start);
          all = { seen, recent: new RecentChanges(seen.low, room) };
        }
      }
      const { seen, recent } = all;
      const feed = new AllBatchesFeed(
        after,
        recent,
        () => ticker.trigger(),
        () => {
          alls.delete(feed);
          if (alls.size === 0) {
            all?.recent.close();
            all = undefined;
          }
          runWhileFollowed();
        },
      );
      alls.add(feed);
      runWhileFollowed();
      if (isClosed) feed.close();
      return { feed, id: eventId(Math.min(seen.low, after ?? seen.low), seen.high) };
    },

    trigger: () => ticker.trigger(),
    followers: () => ({ one_batch: ones.size, all_batches: alls.size }),

    close: async () => {
      isClosed = true;
      for (const feed of [...ones.keys(), ...alls]) feed.close();
      await ticker.stop();
    },
  };
}
