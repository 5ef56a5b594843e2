import { z } from "@hono/zod-openapi";
import type { ClusterAnswer, Clusters } from "../clusters.ts";
import { AppError } from "../errors.ts";
import type { ListTrips } from "../trips.ts";
import { ClusterAnswerSchema, ClusterSchema, clusterFilters, clusterOf, namedArea } from "./cluster-query.ts";
import type { Endpoint } from "./endpoint.ts";
import { areaFrom, readQuery } from "./input.ts";
import { replies } from "./schemas.ts";
import { cursorText, pageOf, pageQuery, TripPageSchema } from "./trip-page.ts";

const params = z.object({ id: z.string().openapi({ example: "u0j2q-u0j2r-08" }) });
const query = z.strictObject({ ...namedArea, ...clusterFilters });

const one = ClusterAnswerSchema.omit({ clusters: true, clusters_found: true, truncated: true })
  .extend({ cluster: ClusterSchema })
  .openapi("OneCluster");

/** `GET /v1/clusters/ID`: the same figures as in the list, with the same filters. */
export function getCluster(clusters: Clusters): Endpoint {
  return {
    route: {
      method: "get",
      path: "/v1/clusters/{id}",
      tags: ["Answers"],
      summary: "One cluster, by its id and the filters that it was found with",
      request: { params, query },
      responses: replies(200, "The cluster", one, 400, 404, 422, 503),
    },
    handle: async (c) => {
      const {
        clusters: found,
        clusters_found: _,
        truncated: __,
        ...answer
      } = await find(clusters, c.req.param("id") ?? "", readQuery(c, query));
      return c.json({ ...answer, cluster: found[0] });
    },
  };
}

/** `GET /v1/clusters/ID/trips`: the trips of a cluster, newest first. */
export function getClusterTrips(clusters: Clusters, listTrips: ListTrips): Endpoint {
  return {
    route: {
      method: "get",
      path: "/v1/clusters/{id}/trips",
      tags: ["Trips"],
      summary: "The trips of a cluster, newest first",
      request: { params, query: z.strictObject({ ...query.shape, ...pageQuery }) },
      responses: replies(200, "A page of trips", TripPageSchema, 400, 403, 404, 422, 503),
    },
    handle: async (c) => {
      const { limit, cursor, ...filters } = readQuery(c, z.strictObject({ ...query.shape, ...pageQuery }));
      const id = c.req.param("id") ?? "";
      const { window, clusters: found } = await find(clusters, id, filters);
      const { hour } = clusterOf(id);
      const { bbox, boundary, region, source, match, days } = filters;
      const [cluster] = found;
      const cells = cluster && {
        origins: cluster.origin_cells ?? [cluster.origin_cell],
        destinations: cluster.destination_cells ?? [cluster.destination_cell],
        hour,
        days,
      };
      const page = await listTrips(
        {
          ...{ region, source, match, area: areaFrom({ bbox, boundary }), cluster: cells },
          ...(window ? { from: window.from, to: dayBefore(window.to) } : {}),
        },
        limit,
        pageOf(cursor),
      );
      return c.json({ trips: page.trips, next_cursor: cursorText(page.next) });
    },
  };
}

async function find(clusters: Clusters, id: string, filters: z.output<typeof query>): Promise<ClusterAnswer> {
  const { group, precision } = clusterOf(id);
  const { bbox, boundary, ...question } = filters;
  const area = areaFrom({ bbox, boundary });
  const answer = await clusters({ ...question, area, group, precision, order: "trips", limit: 1, only: id });
  if (answer.clusters.length === 0) {
    throw new AppError("not_found", `There is no cluster ${id} among the trips that match, or it is withheld.`);
  }
  return answer;
}

const dayBefore = (date: string) => new Date(Date.parse(`${date}T00:00:00Z`) - 86_400_000).toISOString().slice(0, 10);
