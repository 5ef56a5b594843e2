import { z } from "zod";
import { withLinks } from "../batches/receipt.ts";
import { batchId, rejectsFile, rejectsPath } from "../batches/rejected-rows.http.ts";
import { MendedReply, type ResubmitRejects } from "../batches/rejects.ts";
import type { Endpoint } from "../kit/endpoint.http.ts";
import { sentBody } from "../kit/input.http.ts";
import { replies } from "../kit/replies.http.ts";
import { noteRows } from "../kit/request-record.ts";

/** `POST /v1/batches/ID/rejects`: rows that are now trips move from rejected to inserted in the same receipt. */
export function postRejects(resubmitRejects: ResubmitRejects): Endpoint {
  return {
    scope: "ingest",
    audited: true,
    bounds: ["source", "region"],
    route: {
      method: "post",
      path: rejectsPath,
      tags: ["Ingest"],
      summary: "Send rejected rows mended",
      description:
        "The file as it was given back, mended: `row` says which row is meant, `field`, `code` and `detail` are ignored. Rows that are trips now are inserted, the others stay rejected.",
      request: {
        params: z.object({ id: z.uuid() }),
        headers: z.object({ "content-encoding": z.enum(["gzip"]).optional() }),
        body: {
          required: true,
          content: {
            "text/csv": { schema: rejectsFile },
            "application/x-ndjson": { schema: rejectsFile },
            "application/json": { schema: z.array(z.looseObject({ row: z.int() })) },
          },
        },
      },
      responses: replies(200, "The receipt as it is now", MendedReply, 400, 404, 409, 413, 415, 429, 503),
    },
    handle: async (c) => {
      const contentType = c.req.header("content-type");
      const receipt = await resubmitRejects({ batchId: batchId(c), body: sentBody(c), contentType });
      noteRows(receipt.mended.received);
      return c.json(withLinks(receipt));
    },
  };
}
