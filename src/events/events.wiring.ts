import { isVisible } from "../batches/batches.wiring.ts";
import { ownerToSee } from "../kit/bounds.ts";
import type { Wiring } from "../wiring.ts";
import { findChanges, findStates, startChanges } from "./batch-changes.db.ts";
import { createFollower, type Follower } from "./follow-batches.ts";
import { visibleFeed } from "./visible-feed.ts";

/** A caller follows the batches that it may see. */
export function wireEvents(wiring: Wiring): Follower {
  const { sql, room, log } = wiring;
  const follower = createFollower({
    room,
    startChanges: startChanges.bind(null, sql),
    findChanges: findChanges.bind(null, sql),
    findStates: findStates.bind(null, sql),
    onError: (error) => log.warn({ err: error }, "changes of batches could not be looked for"),
  });
  return {
    ...follower,
    followBatch: async (id, after) => ((await isVisible(wiring, id)) ? follower.followBatch(id, after) : undefined),
    followBatches: async (after) => {
      const only = ownerToSee();
      const { feed, id } = await follower.followBatches(after);
      return { feed: only === undefined ? feed : visibleFeed(feed, (owner) => owner === only), id };
    },
  };
}
