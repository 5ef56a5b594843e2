import { z } from "zod";
import { AppError } from "../errors.ts";
import type { Endpoint } from "../kit/endpoint.http.ts";
import { type EventDeps, eventReplies, lastEventId, readLastEventId, sendEvents } from "./all-events.http.ts";
import type { FollowBatch } from "./batch-changes.ts";

const params = z.object({ id: z.uuid().meta({ example: "5e0c2a1e-8d0c-4a5e-9a39-4f1f0c8f7a11" }) });

const route: Endpoint["route"] = {
  method: "get",
  path: "/v1/batches/{id}/events",
  tags: ["Ingest"],
  summary: "Follow one batch",
  description:
    "Server-sent events: the receipt as it is now, then each change as `progress`, and at last `committed` or `failed`, which ends the stream.",
  request: { params, headers: z.object({ "last-event-id": lastEventId }) },
  responses: {
    ...eventReplies("One event for each change", 400, 404, 429, 503),
    204: { description: "The last event was received before: there is nothing to come back for" },
  },
};

/** `GET /v1/batches/ID/events`: follows a batch to its end. */
export function getBatchEvents(follow: FollowBatch, deps: EventDeps): Endpoint {
  return {
    scope: "ingest",
    bounds: ["source", "region"],
    route,
    handle: async (c) => {
      const after = readLastEventId(c, changeIdFrom);
      const id = params.safeParse(c.req.param());
      const feed = id.success ? await follow(id.data.id, after) : undefined;
      if (!feed) throw new AppError("not_found", `There is no batch ${c.req.param("id")}.`);
      // An EventSource reconnects whenever a stream has ended. This reply stops it.
      return feed === "over" ? c.body(null, 204) : sendEvents(c, feed, deps);
    },
  };
}

const changeIdFrom = (id: string) => (/^\d{1,15}$/.test(id) ? Number(id) : undefined);
