import { z } from "@hono/zod-openapi";
import type { Endpoint } from "./endpoint.ts";

/** What Prometheus reads, in its own text format. */
export interface Metrics {
  contentType: string;
  read(): Promise<string>;
}

/** `GET /metrics`. */
export function getMetrics(metrics: Metrics): Endpoint {
  return {
    route: {
      method: "get",
      path: "/metrics",
      tags: ["Service"],
      summary: "Figures of the service, for Prometheus",
      responses: { 200: { description: "The figures", content: { "text/plain": { schema: z.string() } } } },
    },
    handle: async (c) => c.body(await metrics.read(), 200, { "content-type": metrics.contentType }),
  };
}
