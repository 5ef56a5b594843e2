import { z } from "zod";
import { AppError } from "../errors.ts";
import { withArea } from "../geo/area-question.ts";
import type { AnswerDeps } from "../kit/answer.http.ts";
import type { Endpoint } from "../kit/endpoint.http.ts";
import { readQuery } from "../kit/input.http.ts";
import { replies } from "../kit/replies.http.ts";
import { daysAfter } from "../time/week.ts";
import { pageOf, pageQuery, sendTrips } from "../trips/trip-page.http.ts";
import { type ListTrips, TripPageReply } from "../trips/trips.ts";
import { Cluster, ClusterAnswer, type Clusters, clusterOf, OneClusterQuery } from "./clusters.ts";

const params = z.object({ id: z.string().meta({ example: "u0j2q-u0j2r-08" }) });
const pagedQuery = z.strictObject({ ...OneClusterQuery.shape, ...pageQuery });

const OneCluster = ClusterAnswer.omit({ clusters: true, clusters_found: true, truncated: true })
  .extend({ cluster: Cluster })
  .meta({ id: "OneCluster" });

/** `GET /v1/clusters/ID`: the same figures as in the list, with the same filters. */
export function getCluster(clusters: Clusters): Endpoint {
  return {
    scope: "read",
    bounds: ["source", "region"],
    route: {
      method: "get",
      path: "/v1/clusters/{id}",
      tags: ["Answers"],
      summary: "One cluster, by its id and the filters that it was found with",
      request: { params, query: OneClusterQuery },
      responses: replies(200, "The cluster", OneCluster, 400, 404, 422, 503),
    },
    handle: async (c) => {
      const {
        clusters: found,
        clusters_found: _,
        truncated: __,
        ...answer
      } = await find(clusters, c.req.param("id") ?? "", readQuery(c, OneClusterQuery));
      return c.json({ ...answer, cluster: found[0] });
    },
  };
}

/** `GET /v1/clusters/ID/trips`: the trips of a cluster, newest first. */
export function getClusterTrips(clusters: Clusters, listTrips: ListTrips, answers: AnswerDeps): Endpoint {
  return {
    scope: "trips",
    bounds: ["source", "region"],
    route: {
      method: "get",
      path: "/v1/clusters/{id}/trips",
      tags: ["Trips"],
      summary: "The trips of a cluster, newest first",
      request: { params, query: pagedQuery },
      responses: replies(200, "A page of trips", TripPageReply, 400, 403, 404, 422, 429, 503),
    },
    handle: async (c) => {
      const { limit, cursor, ...filters } = readQuery(c, pagedQuery);
      const id = c.req.param("id") ?? "";
      const { window, clusters: found } = await find(clusters, id, filters);
      const { hour } = clusterOf(id);
      const { area, region, source, match, days } = withArea(filters);
      const [cluster] = found;
      const cells = cluster && {
        origins: cluster.origin_cells ?? [cluster.origin_cell],
        destinations: cluster.destination_cells ?? [cluster.destination_cell],
        hour,
        days,
      };
      const page = await listTrips(
        {
          ...{ region, source, match, area, cluster: cells },
          ...(window ? { from: window.from, to: daysAfter(window.to, -1) } : {}),
        },
        limit,
        pageOf(cursor),
      );
      return sendTrips(c, answers, page);
    },
  };
}

async function find(clusters: Clusters, id: string, filters: OneClusterQuery): Promise<ClusterAnswer> {
  const { group, precision } = clusterOf(id);
  const answer = await clusters({ ...withArea(filters), group, precision, order: "trips", limit: 1, only: id });
  if (answer.clusters.length === 0) {
    throw new AppError("not_found", `There is no cluster ${id} among the trips that match, or it is withheld.`);
  }
  return answer;
}
