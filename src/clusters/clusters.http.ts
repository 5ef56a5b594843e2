import type { Context } from "hono";
import { z } from "zod";
import { givenArea, namedArea, withArea, withGivenArea } from "../geo/area-question.ts";
import { type AnswerDeps, sendAnswer } from "../kit/answer.http.ts";
import { type Endpoint, jsonBody } from "../kit/endpoint.http.ts";
import { readJson, readQuery } from "../kit/input.http.ts";
import type { Limits } from "../kit/limits.ts";
import { replies } from "../kit/replies.http.ts";
import { requireTripAccess } from "../trips/trip-access.http.ts";
import type { ListTrips } from "../trips/trips.ts";
import { CLUSTER_FORMATS, jsonOf } from "./cluster-formats.http.ts";
import { ClusterAnswer, type ClusterQuestion, type Clusters, clusterChoice, clusterFilters } from "./clusters.ts";
import { getCluster, getClusterTrips } from "./one-cluster.http.ts";

const format = z
  .enum(["json", "geojson", "csv", "locations", "flows"])
  .default("json")
  .meta({ description: "geojson has lines; locations and flows are the two files of flowmap.gl" });

const choice = { ...clusterFilters, ...clusterChoice, format };
const query = z.strictObject({ ...namedArea, ...choice });
const body = z
  .strictObject({
    ...givenArea,
    ...choice,
  })
  .meta({ id: "ClusterQuestion" });

const answers = replies(200, "The clusters", ClusterAnswer, 400, 404, 413, 422, 429, 503);
Object.assign(answers[200]?.content ?? {}, {
  "application/geo+json": { schema: z.looseObject({ type: z.literal("FeatureCollection") }) },
  "text/csv": { schema: z.string() },
});

const described: Pick<Endpoint["route"], "path" | "tags" | "responses"> = {
  path: "/v1/clusters",
  tags: ["Answers"],
  responses: answers,
};

/** `GET /v1/clusters`: the clusters in a box, in a boundary or everywhere. */
export function getClusters(clusters: Clusters, answers: AnswerDeps): Endpoint {
  return {
    scope: "read",
    bounds: ["source", "region"],
    route: {
      ...described,
      method: "get",
      summary: "Trips with the same origin cell, destination cell and hour, grouped; most trips first",
      request: { query },
    },
    handle: async (c) => {
      const { format, ...question } = readQuery(c, query);
      return reply(c, answers, format, clusters, withArea(question));
    },
  };
}

/** `POST /v1/clusters`: the clusters in any polygon. */
export function postClusters(clusters: Clusters, answers: AnswerDeps, limits: Limits): Endpoint {
  return {
    scope: "read",
    bounds: ["source", "region"],
    route: {
      ...described,
      method: "post",
      summary: "Trips with the same origin cell, destination cell and hour, grouped, in any polygon",
      request: { body: jsonBody(body) },
    },
    handle: async (c) => {
      const { format, ...question } = await readJson(c, body);
      return reply(c, answers, format, clusters, withGivenArea(question, limits.maxVertices));
    },
  };
}

async function reply(
  c: Context,
  answers: AnswerDeps,
  format: z.output<typeof query>["format"],
  clusters: Clusters,
  question: ClusterQuestion,
): Promise<Response> {
  const answer = await clusters(question);
  if (format === "json") return sendAnswer(c, answers, jsonOf(answer), { contentType: "application/json" });
  const { type, write } = CLUSTER_FORMATS[format];
  return sendAnswer(c, answers, write(answer.clusters), { contentType: type, headers: headersOf(answer) });
}

/** The headers of the other formats, whose body has clusters and nothing else. */
const headersOf = (answer: ClusterAnswer): Record<string, string> => ({
  ...(answer.window ? { "Tripgrid-Window": `${answer.window.from}/${answer.window.to}` } : {}),
  "Tripgrid-Data-As-Of": answer.data_as_of,
  "Tripgrid-Truncated": String(answer.truncated),
  ...(answer.retired_before ? { "Tripgrid-Retired-Before": answer.retired_before } : {}),
  ...(answer.withheld ? { "Tripgrid-Withheld-Groups": String(answer.withheld.clusters ?? "unknown") } : {}),
});

interface Deps {
  clusters: Clusters;
  listTrips: ListTrips;
  /** True if clients may read single trips. */
  exposeTrips: boolean;
  answers: AnswerDeps;
  limits: Limits;
}

/** The endpoints for clusters: trips with a similar origin, destination and hour. */
export const endpoints = ({ clusters, listTrips, exposeTrips, answers, limits }: Deps): Endpoint[] => [
  getClusters(clusters, answers),
  postClusters(clusters, answers, limits),
  getCluster(clusters),
  requireTripAccess(getClusterTrips(clusters, listTrips, answers), exposeTrips),
];
