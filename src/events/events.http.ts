import type { Endpoint } from "../kit/endpoint.http.ts";
import type { Room } from "../kit/room.ts";
import { getEvents } from "./all-events.http.ts";
import type { FollowBatch, FollowBatches } from "./batch-changes.ts";
import { getBatchEvents } from "./batch-events.http.ts";
import { createSharedHold } from "./shared-hold.http.ts";

interface Deps {
  followBatch: FollowBatch;
  followBatches: FollowBatches;
  room: Room;
}

/** The endpoints that send changes of batches. */
export function endpoints({ followBatch, followBatches, room }: Deps): Endpoint[] {
  const events = { hold: createSharedHold(room) };
  return [getBatchEvents(followBatch, events), getEvents(followBatches, events)];
}
