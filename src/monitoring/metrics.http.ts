import { createServer } from "node:http";
import { z } from "zod";
import { StartError } from "../errors.ts";
import type { Endpoint } from "../kit/endpoint.http.ts";

/** The metrics in the text format of Prometheus. */
export interface MetricsText {
  contentType: string;
  read(): Promise<string>;
}

/** `GET /metrics`. */
export function getMetrics(metrics: MetricsText): Endpoint {
  return {
    scope: "read",
    route: {
      method: "get",
      path: "/metrics",
      tags: ["Service"],
      summary: "Figures of the service, for Prometheus",
      responses: {
        200: {
          description: "The figures",
          content: { "text/plain": { schema: z.string().meta({ example: "tripgrid_http_connections 7\n" }) } },
        },
      },
    },
    handle: async (c) => c.body(await metrics.read(), 200, { "content-type": metrics.contentType }),
  };
}

/** The longest that a scraper may take for its headers. */
const HEADERS_MS = 5000;

/**
 * Serves `GET /metrics`, and nothing else, on a port of its own. It needs no key, so only the monitoring system may
 * reach this port.
 *
 * @param address undefined metricsPort: there is no such port
 * @returns a function that closes the port
 * @throws StartError if the port is not available
 */
export async function listenForScrapes(
  { host, metricsPort: port }: { host: string; metricsPort: number | undefined },
  metrics: MetricsText,
): Promise<() => Promise<void>> {
  if (port === undefined) return async () => {};
  const server = createServer({ headersTimeout: HEADERS_MS, requestTimeout: HEADERS_MS }, (request, response) => {
    const [path] = (request.url ?? "").split("?");
    if (path !== "/metrics" || request.method !== "GET") {
      response.writeHead(404, { "content-type": "text/plain" }).end("Only GET /metrics is here.\n");
      return;
    }
    metrics.read().then(
      (text) => response.writeHead(200, { "content-type": metrics.contentType }).end(text),
      () => response.writeHead(500).end(),
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", ({ message }) =>
      reject(new StartError(`The metrics cannot be served on ${host}:${port} (TRIPGRID_METRICS_PORT): ${message}.`)),
    );
    server.listen({ host, port }, resolve);
  });
  return () =>
    new Promise((closed) => {
      server.close(() => closed());
      server.closeAllConnections();
    });
}
