import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { addOutgoing, outboxStatus, removeOutgoing, returnOutgoing, takeOutgoing } from "../../src/broker/outbox.db.ts";
import { claimPartition, Fenced, movePosition, setProblem } from "../../src/broker/positions.db.ts";
import type { Outgoing } from "../../src/messaging/broker.ts";
import { startTestService, type TestService } from "../harness/index.ts";

let service: TestService;
beforeAll(async () => {
  service = await startTestService();
});
afterAll(() => service?.stop());

describe("the position of a partition", () => {
  const move = (claim: Awaited<ReturnType<typeof claimPartition>>, position: number) =>
    service.sql.begin((tx) => movePosition(tx, claim, { position, logId: "log", sentAt: 1_500_000_000_000 }));

  test("moves on from where it is, and a former owner is fenced", async () => {
    const { sql } = service;
    const first = await claimPartition(sql, { topic: "t", partition: 3 }, "a");
    expect(first).toEqual({ topic: "t", partition: 3, epoch: 0, position: undefined, logId: undefined });
    await move(first, 5);
    // The same stretch again.
    await expect(move(first, 5)).rejects.toThrow(Fenced);
    await move({ ...first, position: 5 }, 9);
    const second = await claimPartition(sql, { topic: "t", partition: 3 }, "b");
    expect(second).toEqual({ topic: "t", partition: 3, epoch: 1, position: 9, logId: "log" });
    await expect(move({ ...first, position: 9 }, 12)).rejects.toThrow(Fenced);
    await move(second, 12);
    const [row] = await sql`select owner, last_sent_at from tripgrid.broker_positions where topic = 't'`;
    expect(row).toEqual({ owner: "b", last_sent_at: "2017-07-14T02:40:00Z" });
  });

  test("does not move where the transaction fails, or the row was deleted", async () => {
    const { sql } = service;
    const claim = await claimPartition(sql, { topic: "u", partition: 0 }, "a");
    await expect(
      sql.begin(async (tx) => {
        await movePosition(tx, claim, { position: 7, logId: undefined, sentAt: undefined });
        throw new Error("of the rows");
      }),
    ).rejects.toThrow("of the rows");
    expect((await claimPartition(sql, { topic: "u", partition: 0 }, "a")).position).toBeUndefined();
    await sql`delete from tripgrid.broker_positions where topic = 'u'`;
    await expect(move({ ...claim, epoch: 1 }, 7)).rejects.toThrow(Fenced);
  });

  test("says why it is not read", async () => {
    const { sql } = service;
    const claim = await claimPartition(sql, { topic: "v", partition: 0 }, "a");
    await setProblem(sql, claim, "made anew");
    const read = () => sql`select problem from tripgrid.broker_positions where topic = 'v'`;
    expect(await read()).toEqual([{ problem: "made anew" }]);
    await move(claim, 1);
    expect(await read()).toEqual([{ problem: null }]);
  });
});

describe("the outbox", () => {
  const message = (n: number): Outgoing => ({
    topic: "out",
    key: n % 2 === 0 ? `key ${n}` : undefined,
    value: Buffer.from([0, 0xff, n]),
    headers: { "tripgrid-id": String(n), a: "ü" },
  });

  test("gives messages in order, each to one process, until they are removed or due again", async () => {
    const { sql } = service;
    await sql.begin((tx) => addOutgoing(tx, [1, 2, 3, 4].map(message)));
    const first = await takeOutgoing(sql, 3);
    expect(first.map(({ id: _, attempts, ...rest }) => rest)).toEqual([1, 2, 3].map(message));
    const second = await takeOutgoing(sql, 3);
    expect(second).toMatchObject([{ headers: { "tripgrid-id": "4" }, attempts: 1 }]);
    expect(await takeOutgoing(sql, 3)).toEqual([]);
    const [one, two, three] = first.map(({ id }) => id) as [number, number, number];
    await removeOutgoing(sql, [one]);
    await returnOutgoing(sql, [{ id: two, detail: "away", isRefused: false, counts: false }], 0);
    await returnOutgoing(sql, [{ id: three, detail: "too large", isRefused: true, counts: true }], 0);
    expect(await takeOutgoing(sql, 3)).toMatchObject([{ id: two, attempts: 1 }]);
    expect(await outboxStatus(sql)).toMatchObject({ waiting: 2, given_up: 1 });
  });

  test("gives up a message that fails ten times while others pass", async () => {
    const { sql } = service;
    await sql`delete from tripgrid.outbox`;
    await sql.begin((tx) => addOutgoing(tx, [message(1)]));
    for (let attempt = 1; attempt <= 10; attempt++) {
      const [taken] = await takeOutgoing(sql, 1);
      expect(taken?.attempts).toBe(attempt);
      await returnOutgoing(sql, [{ id: taken?.id ?? 0, detail: "no", isRefused: false, counts: true }], 0);
    }
    expect(await takeOutgoing(sql, 1)).toEqual([]);
    expect(await outboxStatus(sql)).toMatchObject({ waiting: 0, given_up: 1 });
  });
});
