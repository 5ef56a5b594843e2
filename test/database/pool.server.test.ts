import { type AddressInfo, connect, createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { sql as raw } from "kysely";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openPool } from "../../src/database/client.ts";
import { createKysely } from "../../src/database/kysely.ts";
import type { Pool, PoolOptions } from "../../src/database/pool.ts";
import { runFor } from "../../src/kit/caller.ts";
import { asAdmin, emptyDatabase, type TestDatabase } from "../harness/index.ts";
import { type CuttingProxy, startCuttingProxy } from "./cutting-proxy.ts";

let database: TestDatabase;
let proxy: CuttingProxy;
const pools: Pool[] = [];

beforeEach(async () => {
  database = await emptyDatabase();
  proxy = await startCuttingProxy(database.databaseUrl ?? "");
});
afterEach(async () => {
  await Promise.all(pools.splice(0).map(({ sql }) => sql.end({ timeout: 1 })));
  proxy?.close();
  await database?.drop();
});

function open(options: Partial<PoolOptions> = {}, url = database.databaseUrl ?? ""): Pool {
  const pool = openPool({ url }, { max: 2, ...options });
  pools.push(pool);
  return pool;
}

/** Statements that sleep in the database under test. */
const sleeping = () =>
  asAdmin(
    (admin) => admin<{ pid: number }[]>`
      select pid from pg_stat_activity
      where query like '%pg_sleep%' and pid <> pg_backend_pid() and state = 'active'
        and datname = ${new URL(database.databaseUrl ?? "").pathname.slice(1)}`,
  );

async function until<T>(look: () => Promise<T>, isSo: (found: T) => boolean): Promise<T> {
  for (;;) {
    const found = await look();
    if (isSo(found)) return found;
    await sleep(20);
  }
}

async function killSleeping(): Promise<void> {
  const found = await until(sleeping, (all) => all.length > 0);
  await asAdmin(
    (admin) => admin`select pg_terminate_backend(pid) from unnest(${found.map(({ pid }) => pid)}::int[]) pid`,
  );
}

describe("a call whose backend is killed", () => {
  it.each<[string, (pool: Pool) => Promise<unknown>]>([
    ["a statement", async ({ sql }) => sql`select pg_sleep(3600)`],
    ["a statement that Kysely made", ({ sql }) => raw`select pg_sleep(60)`.execute(createKysely(sql))],
    ["a transaction", ({ sql }) => sql.begin((tx) => tx`select pg_sleep(3600)`)],
    ["a part of a transaction", ({ sql }) => sql.begin((tx) => tx.savepoint((part) => part`select pg_sleep(60)`))],
    [
      "a transaction that continues after an error",
      ({ sql }) => sql.begin(async (tx) => tx`select pg_sleep(60)`.catch(() => tx`select 1`)),
    ],
  ])("ends, and the pool goes on: %s", async (_, call) => {
    const pool = open();
    const ended = expect(call(pool)).rejects.toMatchObject({
      code: expect.stringMatching(/^(57P01|CONNECTION_CLOSED)$/),
    });
    await killSleeping();
    await ended;
    expect(pool.stats()).toMatchObject({ open: 0, busy: 0, waiting: 0 });
    expect([...(await pool.sql`select 1 as one`)]).toEqual([{ one: 1 }]);
  });

  it("ends when its connection is cut without a word, also those that wait for it", async () => {
    const pool = open({ max: 1 }, proxy.url);
    await pool.sql`select 1`;
    proxy.cut("before", "one of many");
    const all = [1, 2, 3].map((n) => pool.sql`select ${n}::int as n, 'one of many'`);
    const settled = await Promise.allSettled(all);
    expect(settled.map(({ status }) => status)).toEqual(["rejected", "fulfilled", "fulfilled"]);
  });
});

describe("a client that hangs up", () => {
  const askAs = (gone: AbortController, ask: () => Promise<unknown>) =>
    runFor({ signal: gone.signal, client: "c", kind: "k" }, ask);

  it.each<[string, (pool: Pool) => Promise<unknown>]>([
    ["a statement", async ({ sql }) => sql`select pg_sleep(60)`],
    ["a transaction", ({ sql }) => sql.begin("read only", (tx) => tx`select pg_sleep(60)`)],
  ])("stops its statement: %s", async (_, ask) => {
    const pool = open({ isForCallers: true, canCancel: true });
    const gone = new AbortController();
    const ended = expect(askAs(gone, () => ask(pool))).rejects.toBeTruthy();
    await until(sleeping, (all) => all.length > 0);
    gone.abort(new Error("hung up"));
    await ended;
    await until(sleeping, (all) => all.length === 0);
    // What comes next does not meet a cancel request that is late.
    for (let i = 0; i < 20; i++) await pool.sql`select pg_sleep(0.01)`;
  });

  it("takes nothing with it if the server lets no cancel request in", async () => {
    const { hostname, port } = new URL(database.databaseUrl ?? "");
    const door = createServer((socket) => {
      const server = connect(Number(port), hostname);
      socket.on("error", () => server.destroy()).on("close", () => server.destroy());
      server.on("error", () => socket.destroy()).on("close", () => socket.destroy());
      socket.pipe(server).pipe(socket);
    });
    await new Promise<void>((resolve) => door.listen(0, "127.0.0.1", resolve));
    const url = new URL(database.databaseUrl ?? "");
    url.port = String((door.address() as AddressInfo).port);
    const pool = open({ isForCallers: true, canCancel: true }, url.href);
    const gone = new AbortController();
    const ended = expect(askAs(gone, async () => pool.sql`select pg_sleep(60)`)).rejects.toBeTruthy();
    await until(sleeping, (all) => all.length > 0);
    // Who is inside stays, and nobody else gets in.
    door.close();
    gone.abort(new Error("hung up"));
    await ended;
    // What nobody catches would end this run, as it ended the service.
    await sleep(100);
    expect(pool.stats().busy).toBe(0);
  });

  it("does not stop what is done for many", async () => {
    const pool = open({ isForCallers: false });
    const gone = new AbortController();
    const asked = askAs(gone, async () => pool.sql`select pg_sleep(0.3), 1 as one`);
    gone.abort(new Error("hung up"));
    expect(await asked).toMatchObject([{ one: 1 }]);
  });
});

describe("a deadline", () => {
  it("replies to the caller that waits, and the statement continues", async () => {
    const pool = open({ max: 1 });
    await pool.sql`create table done (n int)`;
    const late = pool.within(100)`insert into done select 1 from pg_sleep(0.5)`;
    await expect(late).rejects.toMatchObject({ code: "database_unavailable", retryAfterSeconds: 2 });
    // The one connection is free when the statement has ended.
    expect([...(await pool.sql`select n from done`)]).toEqual([{ n: 1 }]);
  });

  it("replies to a caller that waits for a connection", async () => {
    const pool = open({ max: 1 });
    const first = pool.sql`select pg_sleep(0.5)`.execute();
    await sleep(10);
    await Promise.all([
      first,
      expect(pool.within(100).begin((tx) => tx`select 1`)).rejects.toMatchObject({ code: "database_unavailable" }),
    ]);
  });

  it("throws a connection away that does not answer", async () => {
    const pool = open({ max: 1, hardMs: 3000 });
    await expect(pool.sql`select pg_sleep(60)`).rejects.toMatchObject({ code: "CONNECTION_CLOSED" });
    await expect(pool.sql.begin((tx) => tx`select pg_sleep(60)`)).rejects.toMatchObject({ code: "CONNECTION_CLOSED" });
    expect([...(await pool.sql`select 1 as one`)]).toEqual([{ one: 1 }]);
  });
});

it("arrays come and go in every connection, also in those that asked for no types", async () => {
  const { sql } = open({ max: 3 });
  const ask = async (n: number) => {
    const [row] = await sql`select ${["a", "", 'b"']}::text[] as texts, ${[n, 2]}::int[] as ints, pg_sleep(0.05)`;
    return row;
  };
  for (let round = 0; round < 2; round++) {
    for (const [i, row] of (await Promise.all([0, 1, 2, 3, 4].map(ask))).entries()) {
      expect(row).toMatchObject({ texts: ["a", "", 'b"'], ints: [i, 2] });
    }
  }
});
