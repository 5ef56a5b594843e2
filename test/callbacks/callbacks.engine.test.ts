import { randomUUID } from "node:crypto";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { Webhook } from "standardwebhooks";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { findBatch } from "../../src/batches/find-batch.db.ts";
import type { BatchState } from "../../src/batches/receipt.ts";
import { withLinks } from "../../src/batches/receipt.ts";
import { batchCallbacks, insertCallback } from "../../src/callbacks/callbacks.db.ts";
import { createDeliverer } from "../../src/callbacks/deliver-callbacks.ts";
import { createSender } from "../../src/callbacks/send-callback.ts";
import { createClient, type Sql } from "../../src/database/client.ts";
import { call, send, trip } from "../harness/api.ts";
import { useService } from "../harness/index.ts";

const service = useService();
/** As another process has it. */
let other: Sql;
beforeAll(() => {
  other = createClient(service.address, { max: 1, searchPath: service.prepared.searchPath });
});
afterAll(() => other?.end({ timeout: 5 }));
beforeEach(async () => {
  await service.sql`delete from tripgrid.callbacks`;
});

const URL = "https://example.com/trips";

async function batch(state: BatchState = "committed"): Promise<string> {
  const id = randomUUID();
  await service.sql.begin(async (tx) => {
    await tx`
      insert into tripgrid.batches (batch_id, state, received, inserted, duplicates, rejected, committed_at)
      values (${id}, ${state}, 0, 0, 0, 0, ${state === "committed" ? tx`clock_timestamp()` : null})`;
    await insertCallback(tx, id, URL);
  });
  return id;
}

const take = (limit = 10, sql = service.sql) => batchCallbacks.takeDue(sql, limit);
const forwardMs = (ms: number) =>
  service.sql`update tripgrid.callbacks set next_attempt_at = next_attempt_at - make_interval(secs => ${ms / 1000})`;

async function rowOf(id: string) {
  const [row] = await service.sql`
    select attempts, last_error, delivered_at is not null as delivered, given_up_at is not null as given_up
    from tripgrid.callbacks where batch_id = ${id}`;
  return row;
}

describe("due", () => {
  it("are callbacks of batches that are final, with the receipt as it is then", async () => {
    const [committed, failed, running] = [await batch(), await batch("failed"), await batch("running")];
    await batch("queued");
    const due = await take();
    expect(due.map(({ id }) => id).toSorted()).toEqual([committed, failed].toSorted());
    for (const { id, url, attempt, payload } of due) {
      expect([url, attempt, payload]).toEqual([URL, 1, await findBatch(service.sql, id)]);
    }
    await service.sql`update tripgrid.batches set state = 'committed', committed_at = now() where batch_id = ${running}`;
    expect((await take()).map(({ id }) => id)).toEqual([running]);
  });

  it("are taken by one process only, at most as many as it asked for", async () => {
    const ids: string[] = [];
    for (let i = 0; i < 20; i++) ids.push(await batch());
    const taken = await Promise.all([take(4), take(4, other), take(4), take(4, other)]);
    const all = taken.flat().map(({ id }) => id);
    expect(taken.map((some) => some.length)).toEqual([4, 4, 4, 4]);
    expect(new Set(all).size).toBe(16);
    expect((await take(100)).map(({ id }) => id).toSorted()).toEqual(ids.filter((id) => !all.includes(id)).toSorted());
  });

  it("are those whose process has ended, but only after the longest that an attempt takes", async () => {
    const id = await batch();
    await take();
    await forwardMs(30_000);
    expect(await take()).toEqual([]);
    await forwardMs(31_000);
    expect(await take()).toMatchObject([{ id: id, attempt: 2 }]);
  });
});

describe("after an attempt", () => {
  it("that delivered it, a callback is done", async () => {
    const id = await batch();
    const [callback] = await take();
    if (!callback) throw new Error("nothing is due");
    await batchCallbacks.recordDelivery(service.sql, callback);
    await batchCallbacks.recordFailure(service.sql, callback, { error: "late" }, 0);
    await forwardMs(3600_000);
    expect(await take()).toEqual([]);
    expect(await rowOf(id)).toEqual({ attempts: 1, last_error: null, delivered: true, given_up: false });
  });

  it("that failed, it is due when it was said, or never", async () => {
    const id = await batch();
    const [first] = await take();
    if (!first) throw new Error("nothing is due");
    await batchCallbacks.recordFailure(service.sql, first, { error: "status 500" }, 90_000);
    expect(await rowOf(id)).toEqual({ attempts: 1, last_error: "status 500", delivered: false, given_up: false });
    await forwardMs(80_000);
    expect(await take()).toEqual([]);
    await forwardMs(11_000);
    const [second] = await take();
    if (!second) throw new Error("nothing is due");
    expect(second.attempt).toBe(2);
    // Its first process comes back after it was taken for gone.
    await batchCallbacks.recordFailure(service.sql, first, { error: "old" }, 0);
    expect(await take()).toEqual([]);
    await batchCallbacks.recordFailure(service.sql, second, { error: "status 410" }, undefined);
    await forwardMs(48 * 3600_000);
    expect(await take()).toEqual([]);
    expect(await rowOf(id)).toEqual({ attempts: 2, last_error: "status 410", delivered: false, given_up: true });
  });
});

it("a callback is stored with its batch or not at all", async () => {
  const id = randomUUID();
  await expect(
    service.sql.begin(async (tx) => {
      await insertCallback(tx, id, URL);
      throw new Error("rolled back");
    }),
  ).rejects.toThrow("rolled back");
  expect(await rowOf(id)).toBeUndefined();
});

it("a receipt is delivered as GET shows it, signed, and again after a failure", async () => {
  const secret = `whsec_${Buffer.from("0123456789abcdef0123456789abcdef").toString("base64")}`;
  const received: { headers: IncomingHttpHeaders; body: string }[] = [];
  const receiver = createServer(async (request, response) => {
    received.push({ headers: request.headers, body: await text(request) });
    response.writeHead(received.length === 1 ? 503 : 204).end();
  });
  await new Promise<void>((resolve) => receiver.listen(0, "127.0.0.1", resolve));
  const { sql } = service;
  const deliverer = createDeliverer({
    takeDue: (limit) => batchCallbacks.takeDue(sql, limit),
    send: createSender({ secret, allowPrivate: true, present: withLinks }),
    recordDelivery: (callback) => batchCallbacks.recordDelivery(sql, callback),
    recordFailure: (callback, failure) => batchCallbacks.recordFailure(sql, callback, failure, 100),
    everyMs: 50,
  });
  try {
    deliverer.start();
    const { body } = await send(service, [trip({ trip_id: "called back" }), trip({ origin: null })]);
    await insertCallback(sql, body.batch_id, `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`);
    const done = { attempts: 2, last_error: null, delivered: true, given_up: false };
    await expect.poll(() => rowOf(body.batch_id), { timeout: 8000 }).toEqual(done);
    expect(received).toHaveLength(2);
    const shown = (await call(service, `/v1/batches/${body.batch_id}`)).body;
    for (const { headers, body: sent } of received) {
      expect(new Webhook(secret).verify(sent, headers as Record<string, string>)).toEqual(shown);
    }
  } finally {
    await deliverer.stop();
    receiver.closeAllConnections();
    receiver.close();
  }
});
