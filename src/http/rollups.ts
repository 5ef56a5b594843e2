import { z } from "@hono/zod-openapi";
import type { RebuildRollups, RefreshRollups, RollupStatus, RollupsStatus } from "../rollups.ts";
import type { Endpoint } from "./endpoint.ts";
import { DateText, Instant, replies } from "./schemas.ts";

const status = z
  .object({
    weeks_behind: z
      .int()
      .openapi({ description: "Weeks that are answered from the trips until the rollups have taken them up" }),
    trips_behind: z.int().openapi({ description: "At most so many trips of these weeks came or went since" }),
    behind_since: Instant.nullable().openapi({ description: "When the oldest write that is not taken up was made" }),
    lag_seconds: z.number().openapi({ description: "How long ago that is; 0 if there is none" }),
    retired_before: DateText.nullable().openapi({
      description: "Of weeks before this Monday only the counts are kept, and no trip is taken; null if there are none",
    }),
  })
  .openapi("RollupStatus");

const tags = ["Service"];

/** `GET /v1/rollups`: how far the rollups are behind the trips. */
export function getRollups(rollupStatus: RollupsStatus): Endpoint {
  return {
    route: {
      method: "get",
      path: "/v1/rollups",
      tags,
      summary: "How far the rollups are behind the trips",
      responses: replies(200, "The status", status, 503),
    },
    handle: async (c) => c.json(await rollupStatus()),
  };
}

/** `POST /v1/rollups/refresh`: takes up what is missing now rather than in a few seconds. */
export function postRefresh(refresh: RefreshRollups): Endpoint {
  return begins("/v1/rollups/refresh", "Begins to take up what the rollups are behind with", refresh);
}

/** `POST /v1/rollups/rebuild`: counts every week anew. */
export function postRebuild(rebuild: RebuildRollups): Endpoint {
  return begins("/v1/rollups/rebuild", "Has every week of the rollups counted anew, in the background", rebuild);
}

function begins(path: string, summary: string, begin: () => Promise<RollupStatus>): Endpoint {
  return {
    route: { method: "post", path, tags, summary, responses: replies(202, "It has begun", status, 503) },
    handle: async (c) => c.json(await begin(), 202, { location: "/v1/rollups" }),
  };
}
