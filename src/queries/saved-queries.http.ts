import type { Context } from "hono";
import { z } from "zod";
import { AppError } from "../errors.ts";
import type { Endpoint } from "../kit/endpoint.http.ts";
import { readJson, readQuery } from "../kit/input.http.ts";
import type { Limits } from "../kit/limits.ts";
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

const params = z.object({ name: z.string().meta({ example: "weekly" }) });
const path = "/v1/queries/{name}";

const reply = (saved: SavedQuery) => {
  const self = `/v1/queries/${saved.name}`;
  return { ...saved, links: { self, result: `${self}/result`, csv: `${self}/result?format=csv` } };
};

/** `PUT /v1/queries/NAME`: saves a query or replaces it. */
export function putQueryEndpoint(putQuery: PutQuery, limits: Limits): Endpoint {
  return {
    scope: "read",
    bounds: ["source", "region"],
    route: {
      method: "put",
      path,
      tags: ["Query"],
      summary: "Give a query a name and an address",
      request: {
        params,
        body: { required: true, description: "A query", content: { "application/json": { schema: queryRef } } },
      },
      responses: {
        ...replies(200, "The saved query", SavedQueryReply, 400, 413, 422, 503),
        ...replies(201, "The saved query, which is new", SavedQueryReply),
      },
    },
    handle: async (c) => {
      const name = queryName(c);
      readQuery(c, z.strictObject({}));
      const body = await readJson(c, z.unknown());
      queryFrom(body, limits.maxVertices);
      const { saved, created } = await putQuery(name, body as Record<string, unknown>);
      return c.json(reply(saved), created ? 201 : 200);
    },
  };
}

/** Checks a query's name. URLs contain it unescaped. */
function queryName(c: Context): string {
  const name = c.req.param("name") ?? "";
  if (/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/.test(name)) return name;
  const detail = "expected 1 to 100 letters, digits, dots, hyphens and underscores, a letter or a digit first";
  throw new AppError("invalid_parameter", `name: ${detail}`, { errors: [{ field: "name", detail }] });
}

async function found(c: Context, findQuery: FindQuery): Promise<SavedQuery> {
  const name = queryName(c);
  const saved = await findQuery(name);
  if (!saved) throw new AppError("not_found", `There is no query ${name}.`);
  return saved;
}

/** `GET /v1/queries/NAME`. */
export function getQuery(findQuery: FindQuery): Endpoint {
  return {
    scope: "read",
    bounds: ["source", "region"],
    route: {
      method: "get",
      path,
      tags: ["Query"],
      summary: "A saved query",
      request: { params },
      responses: replies(200, "The saved query", SavedQueryReply, 400, 404, 503),
    },
    handle: async (c) => c.json(reply(await found(c, findQuery))),
  };
}

/** `GET /v1/queries/NAME/result`: the address that a spreadsheet loads. */
export function getQueryResult(findQuery: FindQuery, asked: AskQuery): Endpoint {
  return {
    scope: "read",
    bounds: ["source", "region"],
    route: {
      method: "get",
      path: `${path}/result`,
      tags: ["Query"],
      summary: "The answer to a saved query, as it is now",
      description: "With `?format=csv`, a spreadsheet can load it.",
      request: { params, query: formatQuery },
      responses: queryReplies,
    },
    handle: async (c) => {
      const { format } = readQuery(c, formatQuery);
      return replyTo(c, (await found(c, findQuery)).query, format, asked);
    },
  };
}

/** `GET /v1/queries`. */
export function listQueriesEndpoint(listQueries: ListQueries): Endpoint {
  return {
    scope: "read",
    bounds: ["source", "region"],
    route: {
      method: "get",
      path: "/v1/queries",
      tags: ["Query"],
      summary: "All saved queries, by name",
      responses: replies(200, "The saved queries", z.object({ queries: z.array(SavedQueryReply) }), 503),
    },
    handle: async (c) => c.json({ queries: (await listQueries()).map(reply) }),
  };
}

/** `DELETE /v1/queries/NAME`. */
export function deleteQueryEndpoint(deleteQuery: DeleteQuery): Endpoint {
  return {
    scope: "read",
    bounds: ["source", "region"],
    route: {
      method: "delete",
      path,
      tags: ["Query"],
      summary: "Forget a saved query",
      request: { params },
      responses: {
        204: { description: "Forgotten" },
        ...replies(404, "No such query", z.unknown(), 400, 404, 503),
      },
    },
    handle: async (c) => {
      const name = queryName(c);
      if (await deleteQuery(name)) return c.body(null, 204);
      throw new AppError("not_found", `There is no query ${name}.`);
    },
  };
}
