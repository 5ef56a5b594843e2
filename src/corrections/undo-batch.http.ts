import { z } from "zod";
import { ReceiptReply, withLinks } from "../batches/receipt.ts";
import { AppError } from "../errors.ts";
import type { Endpoint } from "../kit/endpoint.http.ts";
import { replies } from "../kit/replies.http.ts";
import { currentRecord } from "../kit/request-record.ts";
import type { UndoBatch } from "./undo.ts";

const params = z.object({ id: z.uuid() });

/** `DELETE /v1/batches/ID`: takes back what the batch stored. */
export function deleteBatch(undoBatch: UndoBatch): Endpoint {
  return {
    scope: "ingest",
    route: {
      method: "delete",
      path: "/v1/batches/{id}",
      tags: ["Ingest"],
      summary: "Undo a batch: its trips are gone, and their identities are free again",
      description:
        "A trip that another batch sent too stays, as that batch sent it. A large batch is undone in the background: the reply is a 202, and the receipt tells how far it is. Once more does no harm.",
      request: { params },
      responses: {
        ...replies(200, "The receipt of the batch, which is undone", ReceiptReply, 404, 409, 503),
        ...replies(202, "The receipt of the batch, which is being undone", ReceiptReply),
      },
    },
    handle: async (c) => {
      const id = params.safeParse(c.req.param());
      const receipt = id.success ? await undoBatch(id.data.id, currentRecord()?.actor ?? null) : undefined;
      if (!receipt) throw new AppError("not_found", `There is no batch ${c.req.param("id")}.`);
      if (receipt.state === "undone") return c.json(withLinks(receipt));
      c.header("Location", `/v1/batches/${receipt.batch_id}`);
      return c.json(withLinks(receipt), 202);
    },
  };
}
