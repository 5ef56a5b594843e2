import { z } from "zod";
import type { Endpoint } from "../kit/endpoint.http.ts";
import { readJson, readQuery } from "../kit/input.http.ts";
import type { Limits } from "../kit/limits.ts";
import { named } from "../kit/named.http.ts";
import { replies } from "../kit/replies.http.ts";
import { type AskQuery, formatQuery, queryRef, queryReplies, replyTo } from "./query.http.ts";
import {
  type DeleteQuery,
  type FindQuery,
  type ListQueries,
  type PutQuery,
  type SavedQuery,
  SavedQueryReply,
} from "./query.ts";
import { queryFrom } from "./query-from.ts";

const queries = named({ what: "query", path: "/v1/queries", tag: "Query", example: "weekly" });
const access = { scope: "read", bounds: ["source", "region"] } as const;

const reply = (saved: SavedQuery) => {
  const self = `/v1/queries/${saved.name}`;
  return { ...saved, links: { self, result: `${self}/result`, csv: `${self}/result?format=csv` } };
};

/** `PUT /v1/queries/NAME`: saves a query or replaces it. */
export function putQueryEndpoint(putQuery: PutQuery, limits: Limits): Endpoint {
  return {
    ...access,
    route: {
      method: "put",
      path: queries.path,
      tags: ["Query"],
      summary: "Give a query a name and an address",
      request: {
        params: queries.params,
        body: { required: true, description: "A query", content: { "application/json": { schema: queryRef } } },
      },
      responses: {
        ...replies(200, "The saved query", SavedQueryReply, 400, 413, 422, 503),
        ...replies(201, "The saved query, which is new", SavedQueryReply),
      },
    },
    handle: async (c) => {
      const name = queries.nameOf(c);
      readQuery(c, z.strictObject({}));
      const body = await readJson(c, z.unknown());
      queryFrom(body, limits.maxVertices);
      const { saved, created } = await putQuery(name, body as Record<string, unknown>);
      return c.json(reply(saved), created ? 201 : 200);
    },
  };
}

/** `GET /v1/queries/NAME/result`: the address that a spreadsheet loads. */
export function getQueryResult(findQuery: FindQuery, asked: AskQuery): Endpoint {
  return {
    ...access,
    route: {
      method: "get",
      path: `${queries.path}/result`,
      tags: ["Query"],
      summary: "The answer to a saved query, as it is now",
      description: "With `?format=csv`, a spreadsheet can load it.",
      request: { params: queries.params, query: formatQuery },
      responses: queryReplies,
    },
    handle: async (c) => {
      const { format } = readQuery(c, formatQuery);
      return replyTo(c, (await queries.find(c, findQuery)).query, format, asked);
    },
  };
}

/** `GET` of one and of all, and `DELETE`. */
export const otherEndpoints = (deps: { findQuery: FindQuery; listQueries: ListQueries; deleteQuery: DeleteQuery }) => [
  queries.getOne(
    access,
    SavedQueryReply,
    async (name) => {
      const saved = await deps.findQuery(name);
      return saved && reply(saved);
    },
    "A saved query",
  ),
  queries.getAll(
    access,
    SavedQueryReply,
    async () => (await deps.listQueries()).map(reply),
    "All saved queries, by name",
  ),
  queries.deleteOne(access, "Forget a saved query", deps.deleteQuery),
];
