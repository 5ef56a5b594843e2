/**
 * `kill -9` at random moments, again and again: nothing that was acknowledged is lost, nothing is stored twice, and every
 * receipt says what the tables hold.
 *
 * `TRIPGRID_TEST_KILLS` says how often, 4 times unless told and once on the embedded engine; 100 is the full run.
 */
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createClient, type Sql } from "../../src/database/client.ts";
import {
  countFrom,
  engine,
  freshDatabase,
  inDatabase,
  type SpawnedService,
  spawnService,
  type TestDatabase,
} from "../harness/index.ts";
import { Clients } from "./kill/clients.ts";
import { makeRequest } from "./kill/requests.ts";

const kills = countFrom("TRIPGRID_TEST_KILLS", engine === "embedded" ? 1 : 4, 100);

let database: TestDatabase;
/** Another connection than the service's; the embedded engine lets nobody else in. */
let sql: Sql | undefined;
beforeAll(async () => {
  database = await freshDatabase();
  if (database.databaseUrl) sql = createClient({ url: database.databaseUrl }, { max: 1 });
});
afterAll(async () => {
  await sql?.end();
  await database?.drop();
});

/** Between its commit and its reply a request is known by its key; gives up where the moment does not come. */
async function committed(key: string): Promise<void> {
  const until = performance.now() + 3000;
  while (sql && performance.now() < until) {
    const [row] = await sql`select 1 from tripgrid.idempotency_keys where key = ${key}`;
    if (row) return;
  }
}

async function kill(service: SpawnedService): Promise<void> {
  service.kill("SIGKILL");
  expect(await service.exited).toEqual({ status: null, signal: "SIGKILL" });
}

it(`${kills} times kill -9: every trip that was acknowledged is there, and there once`, {
  timeout: 180_000 + kills * 30_000,
}, async () => {
  const clients = new Clients(join(database.dataFolder, "inbox"));
  // How many requests had been stored when the service was killed, and had no reply.
  let storedInSilence = 0;
  for (let round = 0; round < kills; round++) {
    const service = spawnService(database.env);
    if (round % 6 === 5) {
      // While it starts, and goes on with what was left.
      await sleep(Math.random() * 2500);
      await kill(service);
      continue;
    }
    const url = await service.listening();
    const singles = Array.from({ length: 20 }, () => makeRequest(1, "json"));
    const first = singles[0]?.key ?? "";
    clients.add(...singles, makeRequest(150, "json"), makeRequest(1200, "ndjson"), makeRequest(3000, "csv"));
    if (round % 2 === 0) clients.add(makeRequest(7000, round % 4 === 0 ? "csv" : "ndjson", true));
    else await clients.addFile(7000);
    const sending = clients.sendOpen(url);
    const longest = [20, 100, 400, 1500][Math.floor(Math.random() * 4)] ?? 0;
    await (round % 3 === 1 ? committed(first) : sleep(Math.random() * longest));
    await kill(service);
    await sending;
    if (sql) {
      const [row] = await sql<{ count: number }[]>`
        select count(*) from tripgrid.idempotency_keys where key = any (${clients.openKeys()})`;
      storedInSilence += row?.count ?? 0;
    }
  }
  const last = spawnService(database.env);
  await clients.finish(await last.listening(), 120_000 + kills * 3000);
  expect(last.log().filter(({ level }) => Number(level) >= 50)).toEqual([]);
  last.kill("SIGTERM");
  expect(await last.exited).toEqual({ status: 0, signal: null });
  await inDatabase(database, (sql) => clients.check(sql));
  // Of a few kills none may come in time on a machine that is busy.
  if (engine !== "embedded" && kills >= 100) expect(storedInSilence).toBeGreaterThan(0);
});
