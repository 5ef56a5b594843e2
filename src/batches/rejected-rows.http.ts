import type { Context } from "hono";
import { z } from "zod";
import { AppError } from "../errors.ts";
import { type AnswerDeps, sendAnswer } from "../kit/answer.http.ts";
import type { Endpoint } from "../kit/endpoint.http.ts";
import { readQuery } from "../kit/input.http.ts";
import { replies } from "../kit/replies.http.ts";
import type { FindRejects } from "./rejects.ts";
import { csvColumns, csvOf, ndjsonOf } from "./rejects-text.http.ts";

const params = z.object({ id: z.uuid().meta({ example: "5e0c2a1e-8d0c-4a5e-9a39-4f1f0c8f7a11" }) });
export const rejectsPath = "/v1/batches/{id}/rejects";
const query = z.strictObject({
  format: z
    .enum(["csv", "ndjson"])
    .optional()
    .meta({ description: "Without it what the header Accept asks for, else CSV" }),
});

export const rejectsFile = z.string().meta({
  description:
    "`row`, `field`, `code`, `detail`, then the sender's own columns; ours are called `tripgrid_row` and so on where the sender has such a column",
});

/** `GET /v1/batches/ID/rejects`: the rejected rows with their reasons, as a file that can be mended and sent back. */
export function getRejects(findRejects: FindRejects, answers: AnswerDeps): Endpoint {
  return {
    scope: "ingest",
    bounds: ["source", "region"],
    route: {
      method: "get",
      path: rejectsPath,
      tags: ["Ingest"],
      summary: "The rejected rows of a batch, to be mended",
      description:
        "In the sender's own columns, all faulty fields of a row joined by `; `. Mend them, and POST them here. In a CSV, text that a spreadsheet would run has an apostrophe before it, which is taken off again when it comes back.",
      request: { params, query },
      responses: {
        ...replies(200, "The rows", rejectsFile, 400, 404, 429, 503),
        200: {
          description: "The rows",
          content: { "text/csv": { schema: rejectsFile }, "application/x-ndjson": { schema: rejectsFile } },
        },
      },
    },
    handle: async (c) => {
      const format = readQuery(c, query).format ?? formatAccepted(c);
      const id = batchId(c);
      const rejects = await findRejects(id);
      if (!rejects) throw notFound(c);
      const lines = format === "csv" ? csvOf(rejects, await csvColumns(rejects)) : ndjsonOf(rejects);
      return sendAnswer(c, answers, lines, {
        contentType: format === "csv" ? "text/csv; charset=utf-8" : "application/x-ndjson",
        headers: { "content-disposition": `attachment; filename="rejects-${id}.${format}"` },
      });
    },
  };
}

const formatAccepted = (c: Context) =>
  /\b(x-)?ndjson\b|\bjsonl\b/i.test(c.req.header("accept") ?? "") ? "ndjson" : "csv";

/** @throws AppError not_found if the address names no batch */
export function batchId(c: Context): string {
  const id = params.safeParse(c.req.param());
  if (!id.success) throw notFound(c);
  return id.data.id;
}

const notFound = (c: Context) => new AppError("not_found", `There is no batch ${c.req.param("id")}.`);
