import { afterEach, beforeEach, expect, it } from "vitest";
import { countOf, type Problem, send, trip } from "../harness/api.ts";
import { freshDatabase, type SpawnedService, spawnService, type TestDatabase } from "../harness/index.ts";
import { type CuttingProxy, startCuttingProxy } from "./cutting-proxy.ts";

let database: TestDatabase;
let proxy: CuttingProxy;
let process: SpawnedService;
let service: { url: string };

beforeEach(async () => {
  database = await freshDatabase();
  proxy = await startCuttingProxy(database.databaseUrl ?? "");
  process = spawnService({ ...database.env, DATABASE_URL: proxy.url });
  service = { url: await process.listening() };
});

afterEach(async () => {
  process?.kill("SIGKILL");
  await process?.exited;
  proxy?.close();
  await database?.drop();
});

/** The process is the same one as before, and serves. */
async function expectAlive(): Promise<void> {
  // Long enough for what is thrown outside of any request.
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect((await fetch(`${service.url}/readyz`)).status).toBe(200);
  expect(process.stderr()).toBe("");
}

it("a connection lost inside a transaction is a 503, and the process keeps running", async () => {
  const rows = [trip({ source: "inside", trip_id: "a" }), trip({ source: "inside", trip_id: "b" })];
  proxy.cut("before", "insert into tripgrid.batches");
  const lost = await send<Problem>(service, rows);
  expect(proxy.cuts()).toBe(1);
  expect([lost.status, lost.body.code]).toEqual([503, "database_unavailable"]);
  expect(Number(lost.headers.get("retry-after"))).toBeGreaterThan(0);
  await expectAlive();
  expect(await countOf(service, "inside")).toBe(0);
  const again = await send(service, rows);
  expect([again.status, again.body.inserted]).toEqual([200, 2]);
});

it("a commit whose answer is lost is not called a failure, and the same key finds what it stored", async () => {
  const rows = [trip({ source: "commit" })];
  // Without the key each request would store the row again.
  const options = { query: "identity=row", headers: { "idempotency-key": "lost" } };
  // As a statement by itself, so ended by a NUL: a batch is also "committed".
  proxy.cut("after", "commit\0");
  const lost = await send<Problem>(service, rows, options);
  expect(proxy.cuts()).toBe(1);
  expect([lost.status, lost.body.code]).toEqual([503, "database_unavailable"]);
  expect(lost.body.detail).not.toMatch(/nothing was stored/);
  expect(lost.body.detail).toMatch(/not known.*Idempotency-Key/);
  await expectAlive();
  expect(await countOf(service, "commit")).toBe(1);
  const again = await send(service, rows, options);
  expect([again.status, again.body.inserted]).toEqual([200, 1]);
  expect(await countOf(service, "commit")).toBe(1);
});
