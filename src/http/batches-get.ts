import { z } from "@hono/zod-openapi";
import type { FindBatch } from "../batch.ts";
import { AppError } from "../errors.ts";
import type { Endpoint } from "./endpoint.ts";
import { Receipt, replies } from "./schemas.ts";
import { withLinks } from "./trips-post.ts";

const params = z.object({ id: z.uuid() });

const route: Endpoint["route"] = {
  method: "get",
  path: "/v1/batches/{id}",
  tags: ["Ingest"],
  summary: "The receipt of a batch",
  request: { params },
  responses: replies(200, "The receipt", Receipt, 404, 503),
};

/** `GET /v1/batches/ID`. */
export function getBatch(findBatch: FindBatch): Endpoint {
  return {
    route,
    handle: async (c) => {
      const id = params.safeParse(c.req.param());
      const receipt = id.success ? await findBatch(id.data.id) : undefined;
      if (!receipt) throw new AppError("not_found", `There is no batch ${c.req.param("id")}.`);
      return c.json(withLinks(receipt));
    },
  };
}
