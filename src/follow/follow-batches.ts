import type {
  FindChanges,
  FindStates,
  FollowBatch,
  FollowBatches,
  StartChanges,
  StartOfChanges,
} from "../batch-changes.ts";
import { eventId, isFinal } from "../batch-changes.ts";
import { AppError } from "../errors.ts";
import { Ticker } from "../ticker.ts";
import { AllBatchesFeed } from "./all-batches-feed.ts";
import { OneBatchFeed } from "./one-batch-feed.ts";
import { SeenChanges } from "./seen-changes.ts";

/** Each comes with its receipt, so a look must not bring any number of them. */
const LIMIT = 200;
const MAX_FOLLOWERS = 5000;

export interface FollowDeps {
  startChanges: StartChanges;
  findChanges: FindChanges;
  findStates: FindStates;
  /** Called when a look fails, as it does while the database is away; the next one comes all the same. */
  onError?: (error: unknown) => void;
  /** How often changes are looked for. */
  everyMs?: number;
}

export interface Follower {
  followBatch: FollowBatch;
  followBatches: FollowBatches;
  /** Looks at once: this process has changed a batch. */
  nudge(): void;
  /** Ends all feeds, also those still to come; resolves once the database is not needed any more. */
  close(): Promise<void>;
}

/**
 * Finds the changes of batches for all who follow them in this process, whichever process made them. It looks every now
 * and then, since the embedded engine has no LISTEN, and only while somebody follows.
 */
export function createFollower({
  startChanges,
  findChanges,
  findStates,
  onError,
  everyMs = 500,
}: FollowDeps): Follower {
  const ones = new Map<OneBatchFeed, string>();
  const alls = new Set<AllBatchesFeed>();
  /** Of those who follow all; none: nobody does. */
  let seen: SeenChanges | undefined;
  let starting: Promise<StartOfChanges> | undefined;
  let isClosed = false;
  const ticker = new Ticker(look, everyMs, onError);

  /** One look at a time: what a feed is offered then never goes back in time. */
  async function look(): Promise<void> {
    if (seen) await lookAtAll(seen);
    for (const feed of alls) await fillPage(feed);
    if (ones.size > 0) await lookAtOnes();
  }

  async function lookAtAll(now: SeenChanges): Promise<void> {
    const found = await findChanges(now.high, now.gaps, LIMIT);
    now.add(found);
    for (const change of found.changes) for (const feed of alls) feed.offer(change);
    if (found.isFull) ticker.nudge();
  }

  async function fillPage(feed: AllBatchesFeed): Promise<void> {
    const after = feed.wantsPageAfter;
    if (after === undefined) return;
    const { changes, isFull } = await findChanges(after, [], LIMIT);
    feed.givePage(changes, !isFull);
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
      if (!seen) {
        starting ??= startChanges().finally(() => {
          starting = undefined;
        });
        const start = await starting;
        seen ??= new SeenChanges(start);
      }
      const following = seen;
      const feed = new AllBatchesFeed(
        after,
        () => following.low,
        () => ticker.nudge(),
        () => {
          alls.delete(feed);
          if (alls.size === 0) seen = undefined;
          runWhileFollowed();
        },
      );
      alls.add(feed);
      runWhileFollowed();
      if (isClosed) feed.close();
      return { feed, id: eventId(Math.min(following.low, after ?? following.low), following.high) };
    },

    nudge: () => ticker.nudge(),

    close: async () => {
      isClosed = true;
      for (const feed of [...ones.keys(), ...alls]) feed.close();
      await ticker.stop();
    },
  };
}
