import type { Endpoint } from "../kit/endpoint.http.ts";
import { replies } from "../kit/replies.http.ts";
import { type RebuildRollups, type RefreshRollups, RollupStatus, type RollupsStatus } from "./rollups.ts";

const tags = ["Service"];

/** `GET /v1/rollups`: how far the rollups are behind the trips. */
export function getRollups(rollupStatus: RollupsStatus): Endpoint {
  return {
    scope: "read",
    route: {
      method: "get",
      path: "/v1/rollups",
      tags,
      summary: "How far the rollups are behind the trips",
      responses: replies(200, "The status", RollupStatus, 503),
    },
    handle: async (c) => c.json(await rollupStatus()),
  };
}

/** `POST /v1/rollups/refresh`: refreshes the pending weeks now rather than in a few seconds. */
export function postRefresh(refresh: RefreshRollups): Endpoint {
  return begins("/v1/rollups/refresh", "Begins to take up what the rollups are behind with", refresh);
}

/** `POST /v1/rollups/rebuild`: counts every week again. */
export function postRebuild(rebuild: RebuildRollups): Endpoint {
  return begins("/v1/rollups/rebuild", "Has every week of the rollups counted again, in the background", rebuild);
}

function begins(path: string, summary: string, begin: () => Promise<RollupStatus>): Endpoint {
  return {
    scope: "admin",
    audited: true,
    route: { method: "post", path, tags, summary, responses: replies(202, "It has begun", RollupStatus, 503) },
    handle: async (c) => c.json(await begin(), 202, { location: "/v1/rollups" }),
  };
}

interface Deps {
  rollupStatus: RollupsStatus;
  refreshRollups: RefreshRollups;
  rebuildRollups: RebuildRollups;
}

/** The endpoints for the status, the refresh and the rebuild of the rollups. */
export const endpoints = ({ rollupStatus, refreshRollups, rebuildRollups }: Deps): Endpoint[] => [
  getRollups(rollupStatus),
  postRefresh(refreshRollups),
  postRebuild(rebuildRollups),
];
