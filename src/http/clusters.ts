import { z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { polygonsFromGeoJson } from "../area.ts";
import type { ClusterAnswer, ClusterQuestion, Clusters } from "../clusters.ts";
import { CLUSTER_FORMATS } from "./cluster-formats.ts";
import { ClusterAnswerSchema, clusterChoice, clusterFilters, namedArea } from "./cluster-query.ts";
import { type Endpoint, jsonBody } from "./endpoint.ts";
import { areaFrom, readJson, readQuery } from "./input.ts";
import { replies } from "./schemas.ts";

const format = z
  .enum(["json", "geojson", "csv", "locations", "flows"])
  .default("json")
  .openapi({ description: "geojson has lines; locations and flows are the two files of flowmap.gl" });

const choice = { ...clusterFilters, ...clusterChoice, format };
const query = z.strictObject({ ...namedArea, ...choice });
const body = z
  .strictObject({
    area: z.unknown().openapi({
      description: "GeoJSON: a Polygon, a MultiPolygon, a Feature or a FeatureCollection, whose members are united",
    }),
    ...choice,
  })
  .openapi("ClusterQuestion");

const answers = replies(200, "The clusters", ClusterAnswerSchema, 400, 404, 413, 422, 503);
Object.assign(answers[200]?.content ?? {}, {
  "application/geo+json": { schema: z.looseObject({ type: z.literal("FeatureCollection") }) },
  "text/csv": { schema: z.string() },
});

const described: Pick<Endpoint["route"], "path" | "tags" | "responses"> = {
  path: "/v1/clusters",
  tags: ["Answers"],
  responses: answers,
};

/** `GET /v1/clusters`: in a box, a boundary or everywhere. */
export function getClusters(clusters: Clusters): Endpoint {
  return {
    route: {
      ...described,
      method: "get",
      summary: "Trips with the same origin cell, destination cell and hour, grouped; most trips first",
      request: { query },
    },
    handle: async (c) => {
      const { bbox, boundary, format, ...question } = readQuery(c, query);
      return reply(c, format, clusters, { ...question, area: areaFrom({ bbox, boundary }) });
    },
  };
}

/** `POST /v1/clusters`: in any polygon. */
export function postClusters(clusters: Clusters): Endpoint {
  return {
    route: {
      ...described,
      method: "post",
      summary: "Trips with the same origin cell, destination cell and hour, grouped, in any polygon",
      request: { body: jsonBody(body) },
    },
    handle: async (c) => {
      const { area, format, ...question } = await readJson(c, body);
      return reply(c, format, clusters, {
        ...question,
        area: { kind: "polygons", polygons: polygonsFromGeoJson(area) },
      });
    },
  };
}

async function reply(
  c: Context,
  format: z.output<typeof query>["format"],
  clusters: Clusters,
  question: ClusterQuestion,
): Promise<Response> {
  const answer: ClusterAnswer = await clusters(question);
  if (format === "json") return c.json(answer);
  const { type, write } = CLUSTER_FORMATS[format];
  return c.body(write(answer.clusters), 200, { "content-type": type, ...headersOf(answer) });
}

/** What the other forms, which are clusters and nothing else, say in headers. */
const headersOf = (answer: ClusterAnswer): Record<string, string> => ({
  ...(answer.window ? { "Tripgrid-Window": `${answer.window.from}/${answer.window.to}` } : {}),
  "Tripgrid-Data-As-Of": answer.data_as_of,
  "Tripgrid-Truncated": String(answer.truncated),
  ...(answer.retired_before ? { "Tripgrid-Retired-Before": answer.retired_before } : {}),
  ...(answer.withheld ? { "Tripgrid-Withheld-Groups": String(answer.withheld.clusters ?? "unknown") } : {}),
});
