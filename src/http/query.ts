import { z } from "@hono/zod-openapi";
import type { Context } from "hono";
import type { ExplainQuery, RunQuery } from "../query.ts";
import { queryJsonSchema } from "../query-definition.ts";
import { queryFrom } from "../query-from.ts";
import type { Endpoint } from "./endpoint.ts";
import { readJson, readQuery } from "./input.ts";
import { CONTENT_TYPES, headersOf, QUERY_FORMATS, type QueryFormat, textOf } from "./query-text.ts";
import { DateText, Instant, replies } from "./schemas.ts";
import { streamOf } from "./stream.ts";

export const formatQuery = z.strictObject({
  format: z
    .enum(QUERY_FORMATS)
    .optional()
    .openapi({ description: "Without it what the header Accept asks for, else JSON" }),
});

const Answer = z
  .object({
    columns: z.array(z.string()),
    rows: z.array(z.record(z.string(), z.union([z.string(), z.number()]).nullable())),
    truncated: z.boolean().openapi({ description: "There are more rows than limit" }),
    source: z.string().openapi({ description: "What was counted: trips, or a rollup", example: "hourly_regions" }),
    data_as_of: Instant.openapi({ description: "Every trip committed before this instant is counted" }),
    retired_before: DateText.optional().openapi({
      description: "Trips of weeks before this one are gone, and not in this answer",
    }),
    withheld: z
      .object({ min_trips: z.int(), groups: z.int() })
      .optional()
      .openapi({ description: "Groups of fewer trips than min_trips are not shown; this is how many" }),
  })
  .openapi("QueryAnswer");
const Explained = z
  .object({ source: z.string(), sql: z.string(), parameters: z.array(z.unknown()) })
  .openapi("QueryExplained", { description: "With explain: true" });

const file = z.string().openapi({ description: "The rows; what else an answer says stands in headers Tripgrid-*" });
/** What a query is answered with, in each of its formats. */
export const queryReplies = {
  ...replies(200, "The answer", z.union([Answer, Explained]), 400, 404, 413, 422, 503),
  200: {
    description: "The answer",
    content: {
      "application/json": { schema: z.union([Answer, Explained]) },
      "text/csv": { schema: file },
      "application/x-ndjson": { schema: file },
    },
  },
};

const { $schema: _, $ref: __, $defs: definitions, ...described } = queryJsonSchema();

/** The schemas of a query by their names, as OpenAPI refers to them. */
const components = JSON.parse(JSON.stringify(definitions).replaceAll("#/$defs/", "#/components/schemas/")) as Record<
  string,
  object
>;
export const queryRef = { $ref: "#/components/schemas/Query" };

/** `POST /v1/query`. */
export function postQuery(runQuery: RunQuery, explainQuery: ExplainQuery): Endpoint {
  return {
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
          description: String(described.title),
          content: { "application/json": { schema: queryRef } },
        },
      },
      responses: queryReplies,
    },
    components,
    handle: async (c) => {
      const { format } = readQuery(c, formatQuery);
      return replyTo(c, await readJson(c, z.unknown()), format, runQuery, explainQuery);
    },
  };
}

/** Answers a query in its public form. */
export async function replyTo(
  c: Context,
  body: unknown,
  format: QueryFormat | undefined,
  runQuery: RunQuery,
  explainQuery: ExplainQuery,
): Promise<Response> {
  const query = queryFrom(body);
  if ((body as { explain?: boolean }).explain) return c.json(explainQuery(query));
  const chosen = format ?? formatAccepted(c);
  const answer = await runQuery(query);
  const headers = chosen === "json" ? {} : headersOf(answer);
  return c.body(streamOf(textOf(answer, chosen)), 200, { "content-type": CONTENT_TYPES[chosen], ...headers });
}

function formatAccepted(c: Context): QueryFormat {
  const accept = c.req.header("accept") ?? "";
  if (/\b(x-)?ndjson\b|\bjsonl\b/i.test(accept)) return "ndjson";
  return /\btext\/csv\b/i.test(accept) ? "csv" : "json";
}

/** `GET /v1/query/schema`. */
export function getQuerySchema(): Endpoint {
  return {
    route: {
      method: "get",
      path: "/v1/query/schema",
      tags: ["Query"],
      summary: "The JSON Schema of a query",
      responses: replies(200, "JSON Schema, 2020-12", z.looseObject({ $schema: z.string() })),
    },
    handle: (c) => c.json(queryJsonSchema()),
  };
}
