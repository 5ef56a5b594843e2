import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createClient, type Sql } from "../../src/database/client.ts";
import { send, trip } from "../harness/api.ts";
import { asAdmin, freshDatabase, startTestService, type TestDatabase, type TestService } from "../harness/index.ts";
import { openEvents, type SentEvent } from "./sse.ts";

/** Two services on one database. */
let database: TestDatabase;
let one: TestService;
let other: TestService;
/** A client of its own, so that transactions can stay open. */
let writer: Sql;

beforeAll(async () => {
  database = await freshDatabase();
  const kept = { ...database, drop: async () => {} };
  one = await startTestService({}, kept);
  other = await startTestService({}, kept);
  writer = createClient({ url: database.databaseUrl ?? "" }, { max: 2 });
});
afterAll(async () => {
  await writer?.end({ timeout: 5 });
  await one?.stop();
  await other?.stop();
  await database?.drop();
});

const of = (batchId: string) => (event: SentEvent) => event.receipt.batch_id === batchId;
const insert = (sql: Sql, id: string, received = 0) => sql`
  insert into tripgrid.batches (batch_id, state, received, inserted, duplicates, rejected)
  values (${id}, 'running', ${received}, ${received}, 0, 0)`;
const update = (sql: Sql, id: string, received: number) => sql`
  update tripgrid.batches set received = ${received}, inserted = ${received}, change_id = nextval('tripgrid.batch_changes')
  where batch_id = ${id}`;

it("a batch is followed also where another process works on it", async () => {
  const id = randomUUID();
  await insert(writer, id);
  const batch = await openEvents(other, `/v1/batches/${id}/events`);
  const all = await openEvents(other, "/v1/events");
  await batch.next();
  const { body } = await send(one, [trip()]);
  expect((await all.until(of(body.batch_id))).at(-1)).toMatchObject({ event: "committed", receipt: body });
  await update(writer, id, 3);
  expect((await batch.next())?.receipt.received).toBe(3);
  batch.leave();
  all.leave();
});

it("a change that is committed after others with a higher number is not missed", async () => {
  const [early, late, unseen] = [randomUUID(), randomUUID(), randomUUID()];
  await insert(writer, unseen);
  const before = await openEvents(one, "/v1/events");
  let commit = () => {};
  const open = new Promise<void>((resolve) => {
    commit = resolve;
  });
  let hasDrawn = () => {};
  const drawn = new Promise<void>((resolve) => {
    hasDrawn = resolve;
  });
  const transaction = writer.begin(async (tx) => {
    await insert(tx as unknown as Sql, early, 1);
    await update(tx as unknown as Sql, unseen, 1);
    hasDrawn();
    await open;
  });
  await drawn;
  await insert(writer, late, 2);
  // Two who know the higher number before the lower ones can be seen: one there all the time, one that begins now.
  const id = (await before.until(of(late))).at(-1)?.id ?? "";
  const during = await openEvents(other, "/v1/events");
  await insert(writer, randomUUID(), 3);
  await during.until(({ receipt }) => receipt.received === 3);
  commit();
  await transaction;
  for (const stream of [before, during]) {
    const missing = new Set<string>([early, unseen]);
    await stream.until(({ receipt }) => missing.delete(receipt.batch_id) && missing.size === 0);
  }
  // And one who comes back with the id of the higher number, to the other process.
  const again = await openEvents(other, "/v1/events", id);
  const missing = new Set<string>([early, unseen]);
  await again.until(({ receipt }) => missing.delete(receipt.batch_id) && missing.size === 0);
  for (const stream of [before, during, again]) stream.leave();
});

it("streams outlive that the database is away", async () => {
  const id = randomUUID();
  await insert(writer, id);
  const batch = await openEvents(other, `/v1/batches/${id}/events`);
  const all = await openEvents(other, "/v1/events");
  await batch.next();
  await writer.begin(async (tx) => {
    const [{ name = "" } = {}] = await tx<{ name: string }[]>`select current_database() as name`;
    const letIn = (allowed: boolean) =>
      asAdmin(
        (admin) => admin`
      update pg_database set datallowconn = ${allowed} where datname = ${name}`,
      );
    await letIn(false);
    const cut = await tx`
      select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and pid <> pg_backend_pid() and application_name = 'tripgrid'`;
    expect(cut.length).toBeGreaterThan(1);
    await new Promise((resolve) => setTimeout(resolve, 1500));
    await update(tx as unknown as Sql, id, 5);
    await letIn(true);
  });
  expect((await batch.next())?.receipt.received).toBe(5);
  expect((await all.until(of(id))).at(-1)?.receipt.received).toBe(5);
  batch.leave();
  all.leave();
});

it("a follower that has gone causes no more queries", async () => {
  const looks = async () => {
    const [row] = await writer<{ looks: number }[]>`
      select count(*) as looks from pg_stat_activity
      where datname = current_database() and query like '%pg_current_snapshot%' and query not like '%pg_stat_activity%'
        and query_start > clock_timestamp() - interval '700 milliseconds'`;
    return row?.looks;
  };
  const stream = await openEvents(one, "/v1/events");
  await expect.poll(looks, { timeout: 60_000 }).toBeGreaterThan(0);
  stream.leave();
  await expect.poll(looks, { timeout: 60_000 }).toBe(0);
});
