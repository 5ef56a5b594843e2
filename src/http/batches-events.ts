import { z } from "@hono/zod-openapi";
import type { FollowBatch } from "../batch-changes.ts";
import { AppError } from "../errors.ts";
import type { Endpoint } from "./endpoint.ts";
import { COMMENT_MS, eventReplies, lastEventId, readLastEventId, sendEvents } from "./events.ts";

const params = z.object({ id: z.uuid() });

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

/** `GET /v1/batches/ID/events`: a batch up to its end. */
export function getBatchEvents(follow: FollowBatch, commentMs = COMMENT_MS): Endpoint {
  return {
    route,
    handle: async (c) => {
      const after = readLastEventId(c, changeIdFrom);
      const id = params.safeParse(c.req.param());
      const feed = id.success ? await follow(id.data.id, after) : undefined;
      if (!feed) throw new AppError("not_found", `There is no batch ${c.req.param("id")}.`);
      // An EventSource comes back whenever a stream has ended; this reply stops it.
      return feed === "over" ? c.body(null, 204) : sendEvents(c, feed, commentMs);
    },
  };
}

const changeIdFrom = (id: string) => (/^\d{1,15}$/.test(id) ? Number(id) : undefined);
