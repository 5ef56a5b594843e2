import { expect, it, onTestFinished } from "vitest";
import type { Receipt } from "../../src/batches/receipt.ts";
import { trip } from "../harness/api.ts";
import { countFrom, freshDatabase, inDatabase, spawnService } from "../harness/index.ts";

// Another process goes on with an undo half a minute after the last sign of the one that was killed.
const kills = countFrom("TRIPGRID_TEST_KILLS", 1, 12);
/** Two thousand go at a time, and some must be left at the last kill. */
const TRIPS = Math.max(20_000, 4000 * kills);
const PATIENCE_MS = 600_000;

it(`finishes the undo of ${TRIPS} trips over ${kills} × kill -9, and leaves the trips of others`, async () => {
  const database = await freshDatabase();
  onTestFinished(() => database.drop());
  let service = spawnService(database.env);
  let url = await service.listening();
  const send = async (source: string, rows: number) => {
    const body = Array.from({ length: rows }, (_, i) => JSON.stringify(trip({ source, trip_id: `${i}` }))).join("\n");
    const reply = await fetch(`${url}/v1/trips`, {
      method: "POST",
      headers: { "content-type": "application/x-ndjson" },
      body,
    });
    return ((await reply.json()) as Receipt).batch_id;
  };
  const receiptOf = async (id: string) => (await (await fetch(`${url}/v1/batches/${id}`)).json()) as Receipt;
  await send("kept", 50);
  const batch = await send("undone", TRIPS);
  await expect.poll(() => receiptOf(batch), { timeout: PATIENCE_MS }).toMatchObject({ inserted: TRIPS });

  const removedSoFar = () =>
    inDatabase(database, async (sql) => {
      const [row] = await sql<{ removed: number; state: string }[]>`
        select coalesce((undone ->> 'removed')::int, 0) as removed, state from tripgrid.batches where batch_id = ${batch}`;
      return row ?? expect.fail("the batch is gone");
    });
  // It is killed midway: some trips are gone, others are not.
  let killedMidway = 0;
  void fetch(`${url}/v1/batches/${batch}`, { method: "DELETE" }).catch(() => {});
  for (let round = 0, before = 0; round < kills; round++) {
    const wentOn = async () => {
      const { removed, state } = await removedSoFar();
      return removed > before || state === "undone";
    };
    await expect.poll(wentOn, { timeout: PATIENCE_MS, interval: 5 }).toBe(true);
    service.kill("SIGKILL");
    await service.exited;
    const { removed, state } = await removedSoFar();
    service = spawnService(database.env);
    url = await service.listening();
    if (state === "undone") break;
    before = removed;
    killedMidway++;
  }
  expect(killedMidway).toBeGreaterThan(0);
  await expect.poll(async () => (await receiptOf(batch)).state, { timeout: PATIENCE_MS }).toBe("undone");
  expect((await receiptOf(batch)).undone).toMatchObject({ removed: TRIPS, kept: 0 });
  const counts = await (await fetch(`${url}/v1/trips/count?by=source`)).json();
  expect(counts).toMatchObject({ total: 50 });
  const again = await send("undone", 10);
  expect(await receiptOf(again)).toMatchObject({ inserted: 10, duplicates: 0 });
}, 1_200_000);
