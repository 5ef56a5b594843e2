import { randomUUID } from "node:crypto";
import { afterEach, describe, expect, it } from "vitest";
import type { BatchState } from "../../src/batches/receipt.ts";
import type { Sql } from "../../src/database/client.ts";
import { findChanges, startChanges } from "../../src/events/batch-changes.db.ts";
import { CUT } from "../../src/service.ts";
import { call, type Problem, send, trip } from "../harness/api.ts";
import { startTestService, useService } from "../harness/index.ts";
import { type EventStream, openEvents, type SentEvent } from "./sse.ts";

const service = useService();

const streams: EventStream[] = [];
afterEach(() => {
  for (const stream of streams.splice(0)) stream.leave();
});

async function open(path: string, lastEventId?: string, from = service): Promise<EventStream> {
  const stream = await openEvents(from, path, lastEventId);
  streams.push(stream);
  return stream;
}

/** What a worker does to a batch, whichever process it runs in. */
async function change(batchId: string, to: { state?: BatchState; received?: number }, sql: Sql = service.sql) {
  const { state = "running", received = 0 } = to;
  const done = state === "committed" ? sql`clock_timestamp()` : null;
  await sql`
    insert into tripgrid.batches (batch_id, state, mapping, received, inserted, duplicates, rejected, bytes, bytes_done, committed_at)
    values (${batchId}, ${state}, 'native', ${received}, ${received}, 0, 0, 1000, ${received}, ${done})
    on conflict (batch_id) do update set state = excluded.state, received = excluded.received,
      inserted = excluded.inserted, bytes_done = excluded.bytes_done, committed_at = excluded.committed_at,
      change_id = nextval('tripgrid.batch_changes')`;
}

const of = (batchId: string) => (event: SentEvent) => event.receipt.batch_id === batchId;
const brief = ({ event, receipt }: SentEvent) => [event, receipt.received];

describe("the events of one batch", () => {
  it("begin with its state, follow its changes and end with it", async () => {
    const id = randomUUID();
    await change(id, { state: "queued" });
    const stream = await open(`/v1/batches/${id}/events`);
    expect(stream.reply.headers.get("content-type")).toBe("text/event-stream");
    const first = await stream.next();
    expect(first).toMatchObject({
      event: "progress",
      receipt: {
        batch_id: id,
        state: "queued",
        progress: { bytes: 1000, bytes_done: 0, rows_per_second: 0, seconds_left: null },
        links: { self: `/v1/batches/${id}` },
      },
    });
    await change(id, { received: 400 });
    const second = await stream.next();
    expect(second).toMatchObject({ event: "progress", receipt: { state: "running", progress: { bytes_done: 400 } } });
    expect(Number(second?.id)).toBeGreaterThan(Number(first?.id));
    await change(id, { state: "committed", received: 1000 });
    const last = await stream.next();
    expect(last?.event).toBe("committed");
    expect(last?.receipt).toEqual((await call(service, `/v1/batches/${id}`)).body);
    expect(await stream.next()).toBeUndefined();
  });

  it("are one for a final batch, and none for a follower that has received it", async () => {
    const { body } = await send(service, [trip()]);
    const stream = await open(`/v1/batches/${body.batch_id}/events`);
    const only = await stream.next();
    expect(only).toMatchObject({ event: "committed", receipt: body });
    expect(await stream.next()).toBeUndefined();
    const again = await open(`/v1/batches/${body.batch_id}/events`, only?.id);
    expect(again.reply.status).toBe(204);
  });

  it("continue after the last received event, without repeating it", async () => {
    const id = randomUUID();
    await change(id, { received: 1 });
    const first = await open(`/v1/batches/${id}/events`);
    const known = (await first.next())?.id;
    first.leave();
    const second = await open(`/v1/batches/${id}/events`, known);
    await change(id, { state: "failed", received: 2 });
    expect((await second.until(() => true)).map(brief)).toEqual([["failed", 2]]);
    const third = await open(`/v1/batches/${id}/events`, known);
    expect((await third.until(() => true)).map(brief)).toEqual([["failed", 2]]);
  });

  it.each([randomUUID(), "x"])("of no batch are a 404: %s", async (id) => {
    const { status, body } = await call(service, `/v1/batches/${id}/events`);
    expect([status, body.code]).toEqual([404, "not_found"]);
  });

  it.each([["/v1/events", "7"] as const, [`/v1/batches/${randomUUID()}/events`, "7-7"] as const])(
    "%s does not take the id %s",
    async (path, id) => {
      const { status, body } = await call<Problem>(service, path, { headers: { "last-event-id": id } });
      expect([status, body.code]).toEqual([400, "invalid_parameter"]);
    },
  );
});

describe("the events of all batches", () => {
  it("are what happens from now on, as GET shows it", async () => {
    const before = (await send(service, [trip()])).body.batch_id;
    const stream = await open("/v1/events");
    const { body } = await send(service, [trip({ trip_id: "now" })]);
    const events = await stream.until(of(body.batch_id));
    expect(events.filter(of(before))).toEqual([]);
    expect(events.at(-1)).toMatchObject({ event: "committed", receipt: body });
    expect(events.at(-1)?.receipt).toEqual((await call(service, `/v1/batches/${body.batch_id}`)).body);
  });

  it("come at once where this process has committed", async () => {
    const stream = await open("/v1/events");
    const waits: number[] = [];
    for (let i = 0; i < 6; i++) {
      const { body } = await send(service, [trip({ trip_id: `at once ${i}` })]);
      const began = performance.now();
      await stream.until(of(body.batch_id));
      waits.push(performance.now() - began);
    }
    // Every half second is looked anyway, so each wait but the first would take nearly that long. Half of them do not, which a
    // machine that is busy for a moment does not hide.
    expect(waits.slice(1).sort((a, b) => a - b)[2]).toBeLessThan(400);
  });

  it("are sent again from the last id, of each batch the newest", async () => {
    const [a, b, c] = [randomUUID(), randomUUID(), randomUUID()];
    const stream = await open("/v1/events");
    await change(a, { received: 1 });
    const known = (await stream.until(of(a))).at(-1)?.id;
    stream.leave();
    for (const received of [1, 2, 3]) await change(b, { received });
    await change(a, { state: "committed", received: 9 });
    const again = await open("/v1/events", known);
    await change(c, { received: 5 });
    const events = await again.until(of(c));
    const changed = [b, a, c].map((id) => events.filter(of(id)).map(brief));
    expect(changed).toEqual([[["progress", 3]], [["committed", 9]], [["progress", 5]]]);
  });

  it("can be resumed by a follower that has received no event yet", async () => {
    const stream = await open("/v1/events");
    const id = randomUUID();
    await change(id, { received: 1 });
    await stream.until(of(id));
    const first = /id: (\d+-\d+)/.exec(stream.comments.join("\n"))?.[1];
    expect(first).toBeDefined();
    stream.leave();
    const again = await open("/v1/events", first);
    expect((await again.until(of(id))).map(brief)).toContainEqual(["progress", 1]);
  });

  it("are as many as there are, however many were missed", async () => {
    const stream = await open("/v1/events");
    await change(randomUUID(), {});
    const known = (await stream.next())?.id;
    stream.leave();
    await service.sql`
      insert into tripgrid.batches (batch_id, state, received, inserted, duplicates, rejected)
      select gen_random_uuid(), 'running', n, n, 0, 0 from generate_series(1, 650) n`;
    const again = await open("/v1/events", known);
    const events = await again.until(({ receipt }) => receipt.received === 650);
    expect(new Set(events.map(({ receipt }) => receipt.batch_id)).size).toBeGreaterThanOrEqual(650);
  });
});

describe("what a look finds", () => {
  it("is what is after a number or in a gap, in order, and not more than was asked for", async () => {
    const { high } = await startChanges(service.sql);
    const ids = Array.from({ length: 4 }, () => randomUUID());
    for (const id of ids) await change(id, {});
    // Its number becomes one that no batch has any more.
    await change(ids[1] ?? "", { received: 7 });
    const found = await findChanges(service.sql, high, [], 100);
    const batches = found.changes.map(({ receipt }) => receipt.batch_id);
    expect(batches).toEqual([ids[0], ids[2], ids[3], ids[1]]);
    expect(found.isFull).toBe(false);
    const numbers = found.changes.map((one) => one.change_id);
    const [from = 0, , , last = 0] = numbers;
    expect((await findChanges(service.sql, high, [], 3)).changes.map((one) => one.change_id)).toEqual(
      numbers.slice(0, 3),
    );
    const inGaps = await findChanges(service.sql, last, [{ from, to: from + 2 }], 100);
    expect(inGaps.changes.map((one) => one.change_id)).toEqual(numbers.slice(0, 2));
    const start = await startChanges(service.sql);
    expect(start.high).toBe(last);
    expect(start.gaps).toContainEqual({ from: from + 1, to: from + 1 });
  });
});

it("a stream ends when the service stops, and does not hold it up", async () => {
  const own = await startTestService();
  try {
    const id = randomUUID();
    await change(id, {}, own.sql);
    const [one, all] = [
      await open(`/v1/batches/${id}/events`, undefined, own),
      await open("/v1/events", undefined, own),
    ];
    await one.next();
    const ended = Promise.all([one.next(), all.next()]);
    const stopped = own.stop();
    expect(await ended).toEqual([undefined, undefined]);
    await stopped;
    expect(own.warnings).not.toContain(CUT);
  } catch (error) {
    await own.stop();
    throw error;
  }
});
