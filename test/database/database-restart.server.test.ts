import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect } from "vitest";
import { createClient, type Sql } from "../../src/database/client.ts";
import {
  canStartServers,
  freshDatabase,
  itInFull,
  ownServer,
  type SpawnedService,
  spawnService,
} from "../harness/index.ts";
import { Clients } from "../service/kill/clients.ts";
import { makeRequest } from "../service/kill/requests.ts";

/** How long the database is away. */
const AWAY_MS = 1500;
/** How long after it is back the service may still be finding out; a start after a crash is part of it. */
const RECOVERY_MS = 300_000;

let server: Awaited<ReturnType<typeof ownServer>>;
let folder: Awaited<ReturnType<typeof freshDatabase>>;
let service: SpawnedService;
let url: string;
let clients: Clients;

beforeEach(async () => {
  server = await ownServer({});
  // Only for its folder, in which the inbox is.
  folder = await freshDatabase();
  service = spawnService({ ...folder.env, DATABASE_URL: server.url });
  url = await service.listening();
  clients = new Clients(join(folder.dataFolder, "inbox"));
});
afterEach(async () => {
  service?.kill("SIGKILL");
  await service?.exited;
  try {
    server?.stop();
  } catch {
    // A test that failed may have left it stopped.
  }
  await folder?.drop();
});

async function inServer<T>(call: (sql: Sql) => Promise<T>): Promise<T> {
  const sql = createClient({ url: server.url }, { max: 1 });
  try {
    return await call(sql);
  } finally {
    await sql.end();
  }
}

/** Soon after the database is back everything is acknowledged and stored, once, by the same process as before. */
async function expectRecovery(): Promise<void> {
  const since = performance.now();
  clients.add(...Array.from({ length: 40 }, () => makeRequest(1, "json")));
  while (clients.openKeys().length > 0) {
    await clients.sendOpen(url);
    await sleep(100);
  }
  expect(performance.now() - since, "ms until the service worked again").toBeLessThan(RECOVERY_MS);
  await clients.finish(url, 90_000);
  await inServer((sql) => clients.check(sql));
  expect((await fetch(`${url}/readyz`)).status).toBe(200);
  service.kill("SIGTERM");
  expect(await service.exited).toEqual({ status: 0, signal: null });
  expect(service.stderr()).toBe("");
}

/** What a client is told as long as there is no database. */
async function expectUnavailable(): Promise<void> {
  await sleep(AWAY_MS / 2);
  const headers = { "content-type": "application/json" };
  const [at, origin] = ["2018-05-21T08:00:00", [7.67, 45.05]];
  const body = JSON.stringify({ source: "away", started_at: at, origin });
  const calls: [string, RequestInit][] = [
    ["/v1/trips", { method: "POST", headers, body }],
    ["/v1/trips", { method: "POST", headers: { ...headers, prefer: "respond-async" }, body }],
    ["/v1/trips?source=away", {}],
    ["/readyz", {}],
  ];
  for (const [path, init] of calls) {
    const reply = await fetch(url + path, init);
    const problem = (await reply.json()) as { code: string };
    expect([path, reply.status, problem.code]).toEqual([path, 503, "database_unavailable"]);
    expect(Number(reply.headers.get("retry-after")), `Retry-After of ${path}`).toBeGreaterThan(0);
  }
  expect((await fetch(`${url}/livez`)).status).toBe(200);
  await sleep(AWAY_MS / 2);
}

// Half a minute each: the second way of stopping is tried where it is asked for.
const MODES =
  process.env.TRIPGRID_TEST_RESTARTS === undefined ? ["immediate" as const] : (["immediate", "fast"] as const);

describe.skipIf(!canStartServers).each(MODES)("a database that is restarted (%s)", (mode) => {
  itInFull("while trips are posted loses none and doubles none", async () => {
    let restarted = false;
    const posting = (async () => {
      while (!restarted) {
        clients.add(...Array.from({ length: 10 }, () => makeRequest(1, "json")));
        clients.add(makeRequest(150, "json"), makeRequest(2500, "ndjson"), makeRequest(600, "csv", true));
        await clients.sendOpen(url);
        await sleep(20);
      }
    })();
    for (let i = 0; i < 3; i++) {
      await sleep(300 + Math.random() * 500);
      await server.restart(mode, i === 0 ? expectUnavailable : undefined);
    }
    restarted = true;
    await posting;
    await expectRecovery();
  });

  itInFull("while batches are processed continues them", async () => {
    clients.add(makeRequest(30_000, "csv", true), makeRequest(30_000, "ndjson", true));
    await clients.addFile(60_000);
    await clients.sendOpen(url);
    for (const share of [0.1, 0.4, 0.7]) {
      await inServer(async (sql) => {
        for (let received = 0; received < 120_000 * share; await sleep(10)) {
          received = (await sql<{ sum: number }[]>`select sum(received) from tripgrid.batches`)[0]?.sum ?? 0;
        }
      });
      await server.restart(mode, share === 0.4 ? () => sleep(AWAY_MS) : undefined);
    }
    await expectRecovery();
  });
});
