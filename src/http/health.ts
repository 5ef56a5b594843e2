import { z } from "@hono/zod-openapi";
import type { Endpoint } from "./endpoint.ts";
import { replies } from "./schemas.ts";

const status = z.object({ status: z.literal("ok") });

/** `GET /livez`: the process answers. */
export function livez(): Endpoint {
  return {
    route: {
      method: "get",
      path: "/livez",
      tags: ["Service"],
      summary: "The process is alive",
      responses: replies(200, "Alive", status),
    },
    handle: (c) => c.json({ status: "ok" }),
  };
}

/** `GET /readyz`: the database answers too. */
export function readyz(ping: () => Promise<void>): Endpoint {
  return {
    route: {
      method: "get",
      path: "/readyz",
      tags: ["Service"],
      summary: "The service can do its work",
      responses: replies(200, "Ready", status, 503),
    },
    handle: async (c) => {
      await ping();
      return c.json({ status: "ok" });
    },
  };
}
