/** Large answers, many at once and to clients who do not read them: they are streamed, and memory for them is bounded. */
import { setTimeout as sleep } from "node:timers/promises";
import { beforeAll, expect, it } from "vitest";
import { countFrom } from "../harness/index.ts";
import { ask, expectProblem, fill, head, oneTrip, open, post, rssMb, useTarget } from "./harness/index.ts";

const target = useTarget();
const DRIVERS = 60_000;
beforeAll(() => fill(target.url, DRIVERS), 180_000);

const measures = Array.from({ length: 16 }, (_, i) => ({ percentile: "duration_s", p: (i + 1) / 20, as: `m${i}` }));
const query = JSON.stringify({ by: ["driver"], select: ["trips", ...measures], limit: 100_000 });

it("ten answers of tens of megabytes at once are written or refused", async () => {
  const asked = { method: "POST", path: "/v1/query", body: query, timeoutMs: 200_000 };
  const replies = await Promise.all(Array.from({ length: 10 }, () => ask(target.url, asked)));
  for (const reply of replies) {
    if (reply.status !== 200) expectProblem(reply, 429, 503, 422);
    else expect((JSON.parse(reply.text) as { rows: unknown[] }).rows).toHaveLength(DRIVERS);
  }
});

it("clients that do not read delay no other client", async () => {
  const sockets = Array.from({ length: 16 }, (_, i) => {
    const socket = open(target.port).pause();
    const body = i % 2 === 0 ? query : "";
    const [method, path] = i % 2 === 0 ? ["POST", "/v1/query"] : ["GET", "/v1/trips?limit=1000"];
    socket.write(head(method ?? "", path ?? "", { "content-length": body.length }) + body);
    return socket;
  });
  try {
    await sleep(8000);
    expect((await post(target.url, oneTrip())).status).toBe(200);
    const ready = await ask(target.url, { path: "/readyz", timeoutMs: 20_000 });
    expect(ready.status).toBe(200);
    const asked = await ask(target.url, { path: "/v1/trips/count?by=source", timeoutMs: 60_000 });
    if (asked.status !== 200) expectProblem(asked, 429, 503);
  } finally {
    for (const socket of sockets) socket.destroy();
  }
});

it("clients that ask for a page's scripts again and again without reading them hold no copies of them", async () => {
  // Each connection holds the first of these replies that its buffers have no room for.
  const wanted = head("GET", "/docs/swagger-ui-bundle.js", {}).repeat(12);
  const before = rssMb(target.pid);
  const sockets = Array.from({ length: 500 }, () => open(target.port).pause());
  try {
    for (const socket of sockets) socket.write(wanted);
    let most = 0;
    for (let i = 0; i < 20; i++) {
      await sleep(500);
      most = Math.max(most, rssMb(target.pid));
    }
    // Copies took 1.9 GB.
    expect(most - before).toBeLessThan(300);
  } finally {
    for (const socket of sockets) socket.destroy();
  }
});

const isLong = countFrom("TRIPGRID_TEST_ATTACKS", 0, 10_000) >= 1000;

it.runIf(isLong)("a client who does not read is cut within two minutes", async () => {
  const socket = open(target.port).pause();
  socket.write(head("POST", "/v1/query", { "content-length": query.length }) + query);
  // A socket that is not read never says that it was closed: what it is sent then tells.
  const cut = new Promise<void>((resolve) => socket.once("error", () => resolve()));
  const knocking = setInterval(() => socket.write("\r\n"), 1000);
  try {
    await Promise.race([
      cut,
      sleep(120_000).then(() => {
        throw new Error("It is still connected after two minutes.");
      }),
    ]);
  } finally {
    clearInterval(knocking);
    socket.destroy();
  }
});
