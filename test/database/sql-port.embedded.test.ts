import { setTimeout as wait } from "node:timers/promises";
import postgres from "postgres";
import { expect, it } from "vitest";
import { createClient } from "../../src/database/client.ts";
import { countOf, send, trip } from "../harness/api.ts";
import { freePort, useService } from "../harness/index.ts";

const port = await freePort();
const service = useService({ sqlPort: port });

const BATCHES = 40;
const ROWS = 20;

it("transactions by the SQL port and batches by HTTP keep apart: nothing acknowledged is rolled back", async () => {
  const url = `postgres://postgres@127.0.0.1:${port}/postgres`;
  const analyst = postgres(url, { max: 1, onnotice: () => {} });
  let done = false;
  let transactions = 0;
  const reading = (async () => {
    while (!done) {
      const tx = await analyst.reserve();
      await tx`begin`;
      const [row] = await tx<{ count: string }[]>`select count(*) from tripgrid.trips`;
      expect(Number(row?.count) % ROWS).toBe(0);
      await wait(20);
      await tx`rollback`;
      tx.release();
      transactions++;
    }
  })();
  try {
    const statuses: number[] = [];
    let acknowledged = 0;
    for (let i = 0; i < BATCHES; i++) {
      const rows = Array.from({ length: ROWS }, (_, j) => trip({ source: "port", trip_id: `${i}/${j}` }));
      const { status, body } = await send(service, rows);
      statuses.push(status);
      if (status === 200) acknowledged += body.inserted;
    }
    expect(statuses).toEqual(Array(BATCHES).fill(200));
    expect([acknowledged, await countOf(service, "port")]).toEqual([BATCHES * ROWS, BATCHES * ROWS]);
  } finally {
    done = true;
    await reading.finally(() => analyst.end({ timeout: 1 }));
  }
  expect(transactions).toBeGreaterThan(3);
});

it("a connection that is opened while a transaction keeps the session waits for it, longer than for a server", async () => {
  const analyst = postgres(`postgres://postgres@127.0.0.1:${port}/postgres`, { max: 1, onnotice: () => {} });
  const another = createClient(service.address, { max: 1 });
  try {
    const order: string[] = [];
    const tx = await analyst.reserve();
    await tx`begin`;
    const waiting = another`select 1 as one`.then((rows) => order.push(`answered ${rows[0]?.one}`));
    await wait(11_000);
    order.push("rolled back");
    await tx`rollback`;
    tx.release();
    await waiting;
    expect(order).toEqual(["rolled back", "answered 1"]);
  } finally {
    await Promise.all([analyst.end({ timeout: 1 }), another.end({ timeout: 1 })]);
  }
});
