import { z } from "zod";
import { AppError } from "../errors.ts";
import type { Endpoint } from "../kit/endpoint.http.ts";
import { replies } from "../kit/replies.http.ts";
import { type FindBatch, ReceiptReply, withLinks } from "./receipt.ts";

const params = z.object({ id: z.uuid().meta({ example: "5e0c2a1e-8d0c-4a5e-9a39-4f1f0c8f7a11" }) });

const route: Endpoint["route"] = {
  method: "get",
  path: "/v1/batches/{id}",
  tags: ["Ingest"],
  summary: "The receipt of a batch",
  request: { params },
  responses: replies(200, "The receipt", ReceiptReply, 404, 503),
};

/** `GET /v1/batches/ID`. */
export function getBatch(findBatch: FindBatch): Endpoint {
  return {
    scope: "ingest",
    bounds: ["source", "region"],
    route,
    handle: async (c) => {
      const id = params.safeParse(c.req.param());
      const receipt = id.success ? await findBatch(id.data.id) : undefined;
      if (!receipt) throw new AppError("not_found", `There is no batch ${c.req.param("id")}.`);
      return c.json(withLinks(receipt));
    },
  };
}
