import { afterEach, describe, expect, it, vi } from "vitest";
import type { Receipt } from "../../src/batches/receipt.ts";
import { createClient, type Sql } from "../../src/database/client.ts";
import { finishBatch, storeChunk } from "../../src/ingest/batch-progress.db.ts";
import { newMemory } from "../../src/storage/insert-trips.db.ts";
import { startCuttingProxy } from "../database/cutting-proxy.ts";
import { call, callJson, countOf, type Problem, type Reply, send, trip } from "../harness/api.ts";
import {
  asAdmin,
  freshDatabase,
  inDatabase,
  isFull,
  itInFull,
  spawnService,
  startTestService,
  type TestDatabase,
  type TestService,
} from "../harness/index.ts";
import { takenIn } from "../parsing/taken-in.ts";

const ROWS = 20_000;
const HEADER = "trip_id,source,started_at,origin_lon,origin_lat";
const csvOf = (source: string, rows = ROWS) =>
  `${HEADER}\n${Array.from({ length: rows }, (_, i) => `t${i + 1},${source},2018-05-21T08:00:00,7.67,45.05\n`).join("")}`;

const later = { prefer: "respond-async" };
const sendLater = (service: { url: string }, body: unknown, query?: string) =>
  send(service, body, { headers: later, ...(query ? { query } : {}) });

const receiptOf = async (service: { url: string }, { body }: Reply<Receipt>) =>
  (await call<Receipt>(service, `/v1/batches/${body.batch_id}`)).body;

/** The receipt once it is final. Counts that a fault has doubled would show in `duplicates`. */
async function final(service: { url: string }, reply: Reply<Receipt>): Promise<Receipt> {
  let receipt = reply.body;
  const look = async () => {
    // Where all sessions were just ended a question may get no answer either.
    receipt = await receiptOf(service, reply);
    return receipt.state === "committed" || receipt.state === "failed";
  };
  await expect.poll(look, { timeout: 60_000, interval: 100 }).toBe(true);
  return receipt;
}

const committed = (rows: number) => ({
  ...{ state: "committed", received: rows, inserted: rows, duplicates: 0, rejected: 0 },
});

const nameOf = ({ databaseUrl }: TestDatabase) => new URL(databaseUrl ?? "").pathname.slice(1);

/** Ends all sessions that there are on a database. */
const endSessions = (database: TestDatabase) =>
  asAdmin(
    (admin) => admin`
      select pg_terminate_backend(pid) from pg_stat_activity
      where datname = ${nameOf(database)} and pid <> pg_backend_pid()`,
  );

/** Locks a table until it is let go; if a test does not, the end of its database does. */
async function lockTable(database: TestDatabase, table: string, mode: string): Promise<() => Promise<void>> {
  let unlock = () => {};
  const released = new Promise<void>((done) => {
    unlock = done;
  });
  let over: Promise<void> | undefined;
  await new Promise<void>((locked, failed) => {
    over = inOwnSession(database, async (sql) => {
      await sql.begin(async (tx) => {
        await tx.unsafe(`lock table tripgrid.${table} in ${mode} mode`);
        locked();
        await released;
      });
    }).catch(failed);
  });
  const end = async () => {
    unlock();
    await over;
  };
  cleanUp.push(end);
  return end;
}

/** A session that is none of the service's. */
const inOwnSession = async (database: TestDatabase, call: (sql: Sql) => Promise<void>) => {
  const sql = createClient({ url: database.databaseUrl ?? "" }, { max: 1 });
  try {
    await call(sql);
  } finally {
    await sql.end();
  }
};

/** Lets the workers try so often that a batch by which something is wrong would be given up: their clock runs ahead. */
async function manyTries(): Promise<void> {
  const real = Date.now.bind(Date);
  const start = real();
  vi.spyOn(Date, "now").mockImplementation(() => real() + (real() - start) * 100);
  await new Promise((turn) => setTimeout(turn, 3000));
}

const cleanUp: (() => unknown)[] = [];
afterEach(async () => {
  vi.restoreAllMocks();
  for (const one of cleanUp.splice(0).reverse()) await one();
});

/** @param before what is done to the database before the service connects to it */
async function started(before?: (database: TestDatabase) => Promise<unknown>): Promise<TestService> {
  const database = await freshDatabase();
  await before?.(database);
  const service = await startTestService({}, database, { batchesMs: 50 });
  cleanUp.push(service.stop);
  return service;
}

const SOURCES = isFull(process.env) ? ["first", "second", "third"] : ["first"];

/** A statement that waits for a lock is ended soon, so that a test need not wait for the minute of the service itself. */
const impatient = (database: TestDatabase) =>
  asAdmin((admin) => admin`alter database ${admin(nameOf(database))} set lock_timeout = '300ms'`);

/** As a process, where the driver of the database throws outside of anything that could catch it. */
async function spawned(database: TestDatabase, env: Record<string, string> = {}) {
  const process = spawnService({ ...database.env, ...env });
  cleanUp.push(database.drop, async () => {
    process.kill("SIGKILL");
    await process.exited;
  });
  return { process, service: { url: await process.listening() } };
}

describe("a queued batch is committed", () => {
  it("though all sessions are ended while it is worked on, and so is the next one", async () => {
    const database = await freshDatabase();
    const { process, service } = await spawned(database);
    for (const source of SOURCES) {
      const reply = await sendLater(service, csvOf(source));
      expect(reply.status).toBe(202);
      await expect
        .poll(async () => (await receiptOf(service, reply)).received, { timeout: 60_000, interval: 10 })
        .toBeGreaterThan(0);
      await endSessions(database);
      expect(await final(service, reply)).toMatchObject(committed(ROWS));
    }
    const after = await sendLater(service, csvOf("after", 100));
    expect(await final(service, after)).toMatchObject(committed(100));
    expect(await countOf(service, "first")).toBe(ROWS);
    process.kill("SIGTERM");
    const stopped = await Promise.race([
      process.exited,
      new Promise((turn) => setTimeout(() => turn("too late"), 15_000)),
    ]);
    expect(stopped).toEqual({ status: 0, signal: null });
    expect(process.stderr()).toBe("");
  });

  itInFull("while sessions are ended again and again, and then every connection can be used again", async () => {
    const database = await freshDatabase();
    const { process, service } = await spawned(database);
    const reply = await sendLater(service, csvOf("often"));
    // At all kinds of moments, such as while the driver connects.
    for (let i = 0; i < 40; i++) {
      await new Promise((turn) => setTimeout(turn, 40 + (i % 8) * 15));
      await endSessions(database);
    }
    const before = Date.now();
    const questions = Array.from({ length: 40 }, () => call(service, "/v1/trips/count?by=source"));
    // Some may still get a connection that is being lost.
    for (const { status } of await Promise.all(questions)) expect([200, 503]).toContain(status);
    expect(Date.now() - before).toBeLessThan(20_000);
    expect(await final(service, reply)).toMatchObject(committed(ROWS));
    expect(process.stderr()).toBe("");
  });

  it("though it could not be said that it was queued: the same key finds it", async () => {
    const database = await freshDatabase();
    const proxy = await startCuttingProxy(database.databaseUrl ?? "");
    cleanUp.push(proxy.close);
    const { process, service } = await spawned(database, { DATABASE_URL: proxy.url });
    const options = { headers: { ...later, "idempotency-key": "queued" }, query: "identity=row" };
    const body = csvOf("cut", 6000);
    proxy.cut("after", "commit\0");
    const lost = await send<Problem>(service, body, options);
    expect(proxy.cuts()).toBe(1);
    expect([lost.status, lost.body.code]).toEqual([503, "database_unavailable"]);
    const again = await send(service, body, options);
    expect([200, 202]).toContain(again.status);
    expect(await final(service, again)).toMatchObject(committed(6000));
    expect(await countOf(service, "cut")).toBe(6000);
    expect(process.stderr()).toBe("");
  });

  itInFull("once a lock that its rows wait for is gone, and is not failed before", async () => {
    const service = await started(impatient);
    await send(service, trip({ source: "locked", trip_id: "before" }));
    const unlock = await lockTable(service.database, "trips", "share");
    const reply = await sendLater(service, csvOf("locked", 6000));
    await manyTries();
    expect(await receiptOf(service, reply)).toMatchObject({ state: "running", received: 0 });
    await unlock();
    expect(await final(service, reply)).toMatchObject(committed(6000));
  });

  it("once there is room for it again, and is not failed before", async () => {
    const service = await started();
    await inOwnSession(service.database, async (sql) => {
      await sql.unsafe(`
        create function public.no_room() returns trigger language plpgsql as
          $$ begin raise exception 'no space left on device' using errcode = '53100'; end $$;
        create trigger no_room before insert on tripgrid.batch_chunks execute function public.no_room()`);
      const reply = await sendLater(service, csvOf("full", 6000));
      await manyTries();
      expect(await receiptOf(service, reply)).toMatchObject({ state: "running", received: 0 });
      await sql`drop trigger no_room on tripgrid.batch_chunks`;
      expect(await final(service, reply)).toMatchObject(committed(6000));
    });
  });
});

describe("a mapping that is deleted while a batch waits is used as it was", () => {
  const columns = { id: "trip_id", at: "started_at", x: "origin_lon", y: "origin_lat" };
  const mapping = { columns, constants: { source: "as it was" } };
  const rows = Array.from({ length: 6000 }, (_, i) => `r${i},2018-05-21T08:00:00,7.67,45.05\n`);
  const csv = `id,at,x,y\n${rows.join("")}`;

  async function expectDone(service: TestService, reply: Reply<Receipt>): Promise<void> {
    expect(await final(service, reply)).toMatchObject({ ...committed(6000), mapping: "mine" });
    expect(await countOf(service, "as it was")).toBe(6000);
  }

  it("if it was named", async () => {
    const service = await started();
    expect((await callJson(service, "PUT", "/v1/mappings/mine", mapping)).status).toBe(201);
    // Whoever wants to work on a batch asks first which chunks are stored.
    const unlock = await lockTable(service.database, "batch_chunks", "access exclusive");
    const reply = await sendLater(service, csv, "mapping=mine");
    expect(reply.status).toBe(202);
    expect((await call(service, "/v1/mappings/mine", { method: "DELETE" })).status).toBe(204);
    expect((await receiptOf(service, reply)).state).toBe("queued");
    await unlock();
    await expectDone(service, reply);
  });

  it("if it was recognised, and the first try came to nothing", async () => {
    const service = await started(impatient);
    expect((await callJson(service, "PUT", "/v1/mappings/mine", mapping)).status).toBe(201);
    const unlock = await lockTable(service.database, "batch_chunks", "share row exclusive");
    const reply = await sendLater(service, csv);
    expect(reply.status).toBe(202);
    await expect.poll(async () => (await receiptOf(service, reply)).mapping, { timeout: 20_000 }).toBe("mine");
    expect((await call(service, "/v1/mappings/mine", { method: "DELETE" })).status).toBe(204);
    await manyTries();
    await unlock();
    await expectDone(service, reply);
  });
});

describe("a chunk that comes late", () => {
  const batchId = "0b9a7a1c-6f0e-4b57-9b1b-2d8a51a1f222";
  const state = (sql: Sql) => sql`
    select state, received, inserted, duplicates, rejected, (select count(*) from tripgrid.batch_chunks) as chunks,
           (select count(*) from tripgrid.rejected_rows) as kept from tripgrid.batches`;
  const over = [{ ...committed(3), received: 4, rejected: 1, chunks: 0, kept: 1 }];

  /** A batch that is stored but not ended, the chunk that was stored of it, and what a second worker stores it with. */
  async function withBatch(
    test: (sql: Sql, late: () => Promise<void>, database: TestDatabase) => Promise<void>,
  ): Promise<void> {
    const database = await freshDatabase();
    cleanUp.push(database.drop);
    const rows = [1, 2, 3].map((i) => trip({ source: "late", trip_id: `t${i}` }));
    const { batch } = await takenIn(JSON.stringify([...rows, 5]));
    if (!batch) throw new Error("the batch was not taken in");
    const { trips, rejected, sent } = batch;
    const more = { received: 4, endByte: 9, withVerdicts: false, bytesDone: 9, busySeconds: 1 };
    await inDatabase(database, (sql) =>
      inOwnSession(database, async (other) => {
        const [{ path } = { path: "" }] = await sql<{ path: string }[]>`
          select current_setting('search_path') as path`;
        await other`select set_config('search_path', ${path}, false)`;
        const store = (its: Sql) => ({
          sql: its,
          patientSql: its,
          partitions: new Set<number>(),
          memory: newMemory(false),
        });
        const chunk = { batchId, number: 1, chunk: 0, trips, rejected, sent, ...more };
        await sql`insert into tripgrid.batches (batch_id, state, bytes) values (${batchId}, 'running', 10)`;
        await storeChunk(store(sql), chunk);
        await test(sql, () => storeChunk(store(other), chunk), database);
      }),
    );
  }

  /** Whether the second worker waits for somebody's lock. */
  const waits = async (database: TestDatabase) =>
    (
      await asAdmin(
        (admin) => admin`
          select 1 from pg_stat_activity where datname = ${nameOf(database)} and wait_event_type = 'Lock'`,
      )
    ).length > 0;

  it("while its batch is being ended is not counted again", async () => {
    await withBatch(async (sql, late, database) => {
      let result: unknown;
      let ended: Promise<unknown> | undefined;
      // As `finishBatch` does it, which is held up before its commit.
      await sql.begin(async (tx) => {
        await finishBatch({ begin: (work: (tx: unknown) => unknown) => work(tx) } as never, batchId, undefined);
        ended = late().then(
          () => {
            result = "skipped";
          },
          (error) => {
            result = error;
          },
        );
        await expect.poll(() => waits(database), { timeout: 10_000 }).toBe(true);
      });
      await ended;
      expect(result).toBeDefined();
      expect(await state(sql)).toEqual(over);
    });
  });

  it("after its batch has ended is not counted again", async () => {
    await withBatch(async (sql, late) => {
      await finishBatch(sql, batchId, undefined);
      await late();
      expect(await state(sql)).toEqual(over);
    });
  });
});
