/** A database that takes connections and answers nothing: every request has its end all the same, and says when to come again. */
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, describe, expect, it } from "vitest";
import { canStartServers } from "../harness/index.ts";
import { type BlackHole, startBlackHole } from "./harness/black-hole.ts";
import { signal } from "./harness/harm.ts";
import { ask, expectProblem, fill, oneTrip, type Target, untilNormal, useTarget } from "./harness/index.ts";
import { type OwnServer, startOwnServer } from "./harness/own-server.ts";

const LIMITS = { TRIPGRID_INGEST_TIMEOUT_S: "2", TRIPGRID_QUESTION_TIMEOUT_S: "3", TRIPGRID_QUESTION_WAIT_S: "2" };
/** All of the limits together, and some patience of the machine's. */
const DEADLINE_MS = 20_000;

const REQUESTS: [method: string, path: string, body?: string][] = [
  ["POST", "/v1/trips", oneTrip()],
  ["PUT", "/v1/trips/attack/0", oneTrip({ trip_id: "0" })],
  ["DELETE", "/v1/trips/attack/0"],
  ["POST", "/v1/query", '{"by":["source"]}'],
  ["GET", "/v1/trips/count?by=source"],
  ["GET", "/v1/trips"],
  ["GET", "/v1/trips/attack/1"],
  ["GET", "/v1/weekly-averages"],
  ["GET", "/v1/clusters"],
  ["GET", "/v1/regions"],
  ["PUT", "/v1/regions/frozen", '{"time_zone":"Europe/Rome"}'],
  ["GET", "/v1/mappings"],
  ["GET", "/v1/imports"],
  ["GET", "/v1/queries"],
  ["GET", "/v1/rollups"],
  ["GET", "/v1/batches/00000000-0000-4000-8000-000000000000"],
];

async function expectRefusals(target: Target): Promise<void> {
  const asked = REQUESTS.flatMap(([method, path, body]) =>
    Array.from({ length: 3 }, async () => {
      const reply = await ask(target.url, { method, path, timeoutMs: DEADLINE_MS, ...(body ? { body } : {}) });
      return { what: `${method} ${path}`, reply };
    }),
  );
  const ready = await ask(target.url, { path: "/readyz", timeoutMs: DEADLINE_MS });
  expectProblem(ready, 503);
  expect((await ask(target.url, { path: "/livez" })).status).toBe(200);
  expect((await ask(target.url, { path: "/metrics", timeoutMs: DEADLINE_MS })).status).toBe(200);
  const without = (await Promise.all(asked)).filter(({ reply }) => ![429, 503].includes(reply.status));
  expect(
    without.map(({ what, reply }) => `${what}: ${reply.status} ${reply.type} ${reply.text.slice(0, 100)}`),
  ).toEqual([]);
  for (const { reply } of await Promise.all(asked)) expectProblem(reply, 429, 503);
}

describe.skipIf(!canStartServers)("a database that is frozen", () => {
  let own: OwnServer;
  const target = useTarget(LIMITS, async () => {
    own = await startOwnServer();
    return own.database;
  });

  it("leaves no request without an answer, and is used again when it thaws", async () => {
    await fill(target.url, 1000);
    const pids = own.pids();
    signal(pids, "SIGSTOP");
    try {
      await expectRefusals(target);
    } finally {
      signal(pids, "SIGCONT");
    }
    await untilNormal(target.url, 20_000);
  });
});

describe.skipIf(!canStartServers)("a network that swallows everything", () => {
  let hole: BlackHole;
  const target = useTarget(LIMITS, async () => {
    const own = await startOwnServer();
    hole = await startBlackHole(own.cluster.url);
    return { ...own.database, env: { ...own.database.env, DATABASE_URL: hole.url } };
  });
  afterAll(() => hole?.close());

  it("leaves no request without an answer, and is used again when it passes on", async () => {
    await fill(target.url, 1000);
    hole.swallow();
    await expectRefusals(target);
    await sleep(2000);
    hole.open();
    await untilNormal(target.url, 20_000);
  });
});
