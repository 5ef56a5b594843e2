import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/** What becomes of requests for tiles: they pass, come three seconds late, or are refused since there is too much to do. */
export type Manner = "pass" | "late" | "refuse";

const LATE_MS = 3000;
const REFUSED = JSON.stringify({ title: "Too many requests", status: 503, detail: "too many questions" });

/**
 * A server between the browser and the service. The browser's own interception of requests is not used: on a busy machine
 * it lost some, which then never ended.
 *
 * @param serviceUrl such as `http://127.0.0.1:8080`
 */
export async function between(serviceUrl: string) {
  let manner: Manner = "pass";
  const server = createServer(async (asked, reply) => {
    const isTile = asked.url?.startsWith("/tiles/cells/") === true;
    if (isTile && manner === "refuse") {
      reply.writeHead(503, { "content-type": "application/problem+json" }).end(REFUSED);
      return;
    }
    if (isTile && manner === "late") await sleep(LATE_MS);
    const { method, headers } = asked;
    const onward = request(`${serviceUrl}${asked.url}`, { method, headers }, (answer) => {
      reply.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(reply);
    });
    onward.on("error", () => reply.destroy());
    reply.on("close", () => onward.destroy());
    asked.pipe(onward);
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    tiles: (next: Manner) => {
      manner = next;
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
}
