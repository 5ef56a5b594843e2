import type { Context } from "hono";
import { z } from "zod";
import { type AnswerDeps, sendAnswer } from "../kit/answer.http.ts";
import type { Endpoint } from "../kit/endpoint.http.ts";
import { readJson, readQuery } from "../kit/input.http.ts";
import type { Limits } from "../kit/limits.ts";
import { replies } from "../kit/replies.http.ts";
import { type ExplainQuery, QueryAnswerReply, QueryExplained, type RunQuery } from "./query.ts";
import { QUERY_TITLE, queryJsonSchema } from "./query-definition.ts";
import { queryFrom } from "./query-from.ts";
import { CONTENT_TYPES, headersOf, QUERY_FORMATS, type QueryFormat, textOf } from "./query-text.http.ts";

export const formatQuery = z.strictObject({
  format: z
    .enum(QUERY_FORMATS)
    .optional()
    .meta({ description: "Without it what the header Accept asks for, else JSON" }),
});

const file = z.string().meta({ description: "The rows; what else an answer says stands in headers Tripgrid-*" });
/** The replies to a query in each of its formats. */
export const queryReplies = {
  ...replies(200, "The answer", z.union([QueryAnswerReply, QueryExplained]), 400, 404, 413, 422, 429, 503),
  200: {
    description: "The answer",
    content: {
      "application/json": { schema: z.union([QueryAnswerReply, QueryExplained]) },
      "text/csv": { schema: file },
      "application/x-ndjson": { schema: file },
    },
  },
};

let named: Record<string, object> | undefined;

/**
 * The schemas of a query by name, as OpenAPI refers to them. They are made at first need: that takes a fifth of the start
 * of a command, which needs none.
 */
function components(): Record<string, object> {
  named ??= JSON.parse(JSON.stringify(queryJsonSchema().$defs).replaceAll("#/$defs/", "#/components/schemas/"));
  return named as Record<string, object>;
}

export const queryRef = { $ref: "#/components/schemas/Query" };

/** The parts that answer a query. */
export interface AskQuery {
  runQuery: RunQuery;
  explainQuery: ExplainQuery;
  answers: AnswerDeps;
  limits: Limits;
}

/** `POST /v1/query`. */
export function postQuery(asked: AskQuery): Endpoint {
  return {
    scope: "read",
    bounds: ["source", "region"],
    route: {
      method: "post",
      path: "/v1/query",
      tags: ["Query"],
      summary: "Measure and count trips, grouped and filtered as you like",
      description:
        "Answered from the rollups where they suffice. See docs/query.md; /v1/query/schema is its JSON Schema.",
      request: {
        query: formatQuery,
        body: {
          required: true,
          description: QUERY_TITLE,
          content: { "application/json": { schema: queryRef } },
        },
      },
      responses: queryReplies,
    },
    components: components(),
    handle: async (c) => {
      const { format } = readQuery(c, formatQuery);
      return replyTo(c, await readJson(c, z.unknown()), format, asked);
    },
  };
}

/** Answers a query in its public form. */
export async function replyTo(
  c: Context,
  body: unknown,
  format: QueryFormat | undefined,
  { runQuery, explainQuery, answers, limits }: AskQuery,
): Promise<Response> {
  const query = queryFrom(body, limits.maxVertices);
  if ((body as { explain?: boolean }).explain) return c.json(await explainQuery(query));
  const chosen = format ?? formatAccepted(c);
  const answer = await runQuery(query);
  const headers = chosen === "json" ? {} : headersOf(answer);
  const { holdsSession } = answer;
  return sendAnswer(c, answers, textOf(answer, chosen), { contentType: CONTENT_TYPES[chosen], headers, holdsSession });
}

function formatAccepted(c: Context): QueryFormat {
  const accept = c.req.header("accept") ?? "";
  if (/\b(x-)?ndjson\b|\bjsonl\b/i.test(accept)) return "ndjson";
  return /\btext\/csv\b/i.test(accept) ? "csv" : "json";
}

/** `GET /v1/query/schema`. */
export function getQuerySchema(): Endpoint {
  // It takes 15 ms to make.
  let made: Record<string, unknown> | undefined;
  return {
    scope: "read",
    bounds: ["source", "region"],
    route: {
      method: "get",
      path: "/v1/query/schema",
      tags: ["Query"],
      summary: "The JSON Schema of a query",
      responses: replies(
        200,
        "JSON Schema, 2020-12",
        z.looseObject({ $schema: z.string().meta({ example: "https://json-schema.org/draft/2020-12/schema" }) }),
      ),
    },
    handle: (c) => {
      made ??= queryJsonSchema();
      return c.json(made);
    },
  };
}
