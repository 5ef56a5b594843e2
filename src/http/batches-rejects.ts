import { z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { AppError } from "../errors.ts";
import type { FindRejects, MendRejects } from "../rejects.ts";
import type { Endpoint } from "./endpoint.ts";
import { readQuery } from "./input.ts";
import { csvColumns, csvOf, ndjsonOf } from "./rejects-text.ts";
import { Receipt, replies } from "./schemas.ts";
import { streamOf } from "./stream.ts";
import { sentBody, withLinks } from "./trips-post.ts";

const params = z.object({ id: z.uuid() });
const path = "/v1/batches/{id}/rejects";
const query = z.strictObject({
  format: z
    .enum(["csv", "ndjson"])
    .optional()
    .openapi({ description: "Without it what the header Accept asks for, else CSV" }),
});

const file = z.string().openapi({
  description:
    "`row`, `field`, `code`, `detail`, then the sender's own columns; ours are called `tripgrid_row` and so on where the sender has such a column",
});

const MendedReceipt = Receipt.extend({
  mended: z
    .object({
      received: z.int(),
      inserted: z.int(),
      duplicates: z.int(),
      rejected: z.int().openapi({ description: "Still faulty: they stay rejected, as they are now" }),
      not_rejected: z.array(z.int()).openapi({
        description: "The first 100 rows of those that are not, or not any more, rejected ones of the batch",
      }),
    })
    .openapi({ description: "What became of the rows of the mended file" }),
}).openapi("MendedReceipt");

/** `GET /v1/batches/ID/rejects`: the rejected rows with their reasons, as a file that can be mended and sent back. */
export function getRejects(findRejects: FindRejects): Endpoint {
  return {
    route: {
      method: "get",
      path,
      tags: ["Ingest"],
      summary: "The rejected rows of a batch, to be mended",
      description:
        "In the sender's own columns, all faulty fields of a row joined by `; `. Mend them, and POST them here.",
      request: { params, query },
      responses: {
        ...replies(200, "The rows", file, 400, 404, 503),
        200: {
          description: "The rows",
          content: { "text/csv": { schema: file }, "application/x-ndjson": { schema: file } },
        },
      },
    },
    handle: async (c) => {
      const format = readQuery(c, query).format ?? formatAccepted(c);
      const id = batchId(c);
      const rejects = await findRejects(id);
      if (!rejects) throw notFound(c);
      const lines = format === "csv" ? csvOf(rejects, await csvColumns(rejects)) : ndjsonOf(rejects);
      return c.body(streamOf(lines), 200, {
        "content-type": format === "csv" ? "text/csv; charset=utf-8" : "application/x-ndjson",
        "content-disposition": `attachment; filename="rejects-${id}.${format}"`,
      });
    },
  };
}

/** `POST /v1/batches/ID/rejects`: rows that are trips now move from rejected to inserted in the same receipt. */
export function postRejects(mendRejects: MendRejects): Endpoint {
  return {
    route: {
      method: "post",
      path,
      tags: ["Ingest"],
      summary: "Send rejected rows mended",
      description:
        "The file as it was given back, mended: `row` says which row is meant, `field`, `code` and `detail` are ignored. Rows that are trips now are inserted, the others stay rejected.",
      request: {
        params,
        headers: z.object({ "content-encoding": z.enum(["gzip"]).optional() }),
        body: {
          required: true,
          content: {
            "text/csv": { schema: file },
            "application/x-ndjson": { schema: file },
            "application/json": { schema: z.array(z.looseObject({ row: z.int() })) },
          },
        },
      },
      responses: replies(200, "The receipt as it is now", MendedReceipt, 400, 404, 409, 413, 415, 429, 503),
    },
    handle: async (c) => {
      const contentType = c.req.header("content-type");
      const receipt = await mendRejects({ batchId: batchId(c), body: sentBody(c), contentType });
      return c.json(withLinks(receipt));
    },
  };
}

const formatAccepted = (c: Context) =>
  /\b(x-)?ndjson\b|\bjsonl\b/i.test(c.req.header("accept") ?? "") ? "ndjson" : "csv";

function batchId(c: Context): string {
  const id = params.safeParse(c.req.param());
  if (!id.success) throw notFound(c);
  return id.data.id;
}

const notFound = (c: Context) => new AppError("not_found", `There is no batch ${c.req.param("id")}.`);
