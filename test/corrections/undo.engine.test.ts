import { setTimeout as sleep } from "node:timers/promises";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Receipt } from "../../src/batches/receipt.ts";
import { beginUndo } from "../../src/corrections/begin-undo.db.ts";
import { finishUndo } from "../../src/corrections/finish-undo.db.ts";
import type { ListedRegion } from "../../src/regions/region.ts";
import { newMemory } from "../../src/storage/insert-trips.db.ts";
import type { WeeklyAnswer } from "../../src/weekly-averages/weekly-averages.ts";
import { call, countOf, send, sendNew, trip } from "../harness/api.ts";
import { countFrom, useService } from "../harness/index.ts";

const service = useService();

const undo = <T = Receipt>(batchId: string) => call<T>(service, `/v1/batches/${batchId}`, { method: "DELETE" });
const receiptOf = async (batchId: string) => (await call<Receipt>(service, `/v1/batches/${batchId}`)).body;

async function untilDone(batchId: string): Promise<Receipt> {
  for (;;) {
    const receipt = await receiptOf(batchId);
    if (!["queued", "running", "undoing"].includes(receipt.state)) return receipt;
    await sleep(20);
  }
}

describe("a batch that is undone", () => {
  it("removes all trips, frees their identities and the key, and shows who undid the batch and when", async () => {
    const rows = [1, 2, 3].map((i) => trip({ source: "simple", region: "Undone", trip_id: `${i}` }));
    const options = { headers: { "idempotency-key": "simple" } };
    const { body: first } = await send(service, rows, options);
    const reply = await undo(first.batch_id);
    expect(reply.status).toBe(200);
    expect(reply.body).toMatchObject({
      state: "undone",
      inserted: 3,
      undone: { by: null, at: expect.stringMatching(/Z$/), removed: 3, kept: 0 },
    });
    expect((await call(service, "/v1/trips/count?by=source&source=simple")).status).toBe(404);
    const regions = (await call<{ regions: ListedRegion[] }>(service, "/v1/regions")).body.regions;
    expect(regions.map(({ name }) => name)).not.toContain("Undone");
    expect((await undo(first.batch_id)).body).toEqual(reply.body);

    const { body: again } = await send(service, rows, options);
    expect([again.inserted, again.batch_id === first.batch_id]).toEqual([3, false]);
    expect(await countOf(service, "simple")).toBe(3);
  });

  it("gives a trip that another batch sent too to that batch", async () => {
    const a = await sendNew(service, [
      trip({ source: "both", trip_id: "x", attributes: { from: "a" } }),
      trip({ source: "both", trip_id: "y" }),
    ]);
    const b = (await send(service, [trip({ source: "both", trip_id: "x", attributes: { from: "b" } })])).body;
    expect([b.inserted, b.duplicates]).toEqual([0, 1]);
    expect((await undo(a.batch_id)).body.undone).toMatchObject({ removed: 1, kept: 1 });
    const { body } = await call<{ attributes: object }>(service, "/v1/trips/both/x");
    expect(body.attributes).toEqual({ from: "b" });
    const now = await receiptOf(b.batch_id);
    expect([now.inserted, now.duplicates]).toEqual([1, 0]);
    expect((await undo(b.batch_id)).body.undone).toMatchObject({ removed: 1, kept: 0 });
  });

  it("does not take a trip that was corrected since, and forgets those that were cancelled", async () => {
    const { batch_id } = await sendNew(
      service,
      ["corrected", "cancelled", "plain"].map((trip_id) => trip({ source: "later", trip_id })),
    );
    const { region: _, ...corrected } = trip({ source: "later", trip_id: "corrected", origin: [8, 46] });
    const headers = { "content-type": "application/json" };
    await call(service, "/v1/trips/later/corrected", { method: "PUT", headers, body: JSON.stringify(corrected) });
    await call(service, "/v1/trips/later/cancelled", { method: "DELETE" });
    expect((await undo(batch_id)).body.undone).toMatchObject({ removed: 1 });
    expect(await countOf(service, "later")).toBe(1);
    const { body } = await send(service, [trip({ source: "later", trip_id: "cancelled" })]);
    expect(body.inserted).toBe(1);
  });

  it("may be a large one that was acknowledged first; its rejected rows go with it", async () => {
    const rows = Array.from({ length: 300 }, (_, i) => trip({ source: "large", trip_id: `${i}` }));
    const { body: queued } = await send(service, [...rows, trip({ source: "large", origin: null })], {
      headers: { prefer: "respond-async" },
    });
    expect(await untilDone(queued.batch_id)).toMatchObject({ inserted: 300, rejected: 1 });
    await undo(queued.batch_id);
    expect(await untilDone(queued.batch_id)).toMatchObject({ state: "undone", undone: { removed: 300 } });
    const rejects = await call(service, `/v1/batches/${queued.batch_id}/rejects`, { method: "POST", body: "[]" });
    expect(rejects.status).toBeGreaterThanOrEqual(400);
  });

  it("must be there and done", async () => {
    expect((await undo("0b9a7a1c-6f0e-4b57-9b1b-2d8a51a1f222")).status).toBe(404);
    expect((await undo("nobody")).status).toBe(404);
  });
});

describe("DELETE of a trip with forget=true", () => {
  it("frees its identity, also if it was cancelled before", async () => {
    const one = trip({ source: "forgotten", trip_id: "f" });
    const remove = (more = "") => call(service, `/v1/trips/forgotten/f${more}`, { method: "DELETE" });
    await sendNew(service, [one]);
    expect((await remove("?forget=true")).status).toBe(204);
    await sendNew(service, [one]);
    await remove();
    expect((await send(service, [one])).body.duplicates).toBe(1);
    expect((await remove("?forget=true")).status).toBe(204);
    expect((await remove("?forget=true")).status).toBe(404);
    await sendNew(service, [one]);
    expect((await remove("?forget=perhaps")).status).toBe(400);
  });
});

describe("batches with duplicates across them", () => {
  const row = fc.record({
    id: fc.constantFrom("t1", "t2", "t3", "t4", undefined),
    day: fc.constantFrom("2018-05-21", "2018-05-22", "2018-06-04"),
    lon: fc.constantFrom(7.6, 7.65, 7.7),
    region: fc.constantFrom("north", "south", undefined),
  });
  const batch = fc.record({ rows: fc.array(row, { minLength: 1, maxLength: 6 }), isAsync: fc.boolean() });
  const history = fc.array(batch, { minLength: 2, maxLength: 5 }).chain((batches) =>
    fc.record({
      batches: fc.constant(batches),
      // In which order they are undone; those left out stay.
      undone: fc.shuffledSubarray(batches.map((_, i) => i)),
      // After how many looks each undo is interrupted; then it is asked for again.
      kills: fc.array(fc.nat({ max: 6 }), { minLength: 5, maxLength: 5 }),
    }),
  );
  let run = 0;

  it("that are undone in any order, with interruptions, leave what a database holds that never saw them", async () => {
    await fc.assert(
      fc.asyncProperty(history, async ({ batches, undone, kills }) => {
        run++;
        const store = {
          sql: service.sql,
          patientSql: service.sql,
          partitions: new Set<number>(),
          memory: newMemory(false),
        };
        const sent: string[] = [];
        for (const one of batches) sent.push(await post(`saw${run}`, one));
        for (const [n, i] of undone.entries()) {
          let looks = 0;
          const signal = {
            get aborted() {
              return looks++ >= (kills[n] ?? 0);
            },
          };
          await beginUndo(service.sql, sent[i] ?? "", "somebody");
          await finishUndo(store, sent[i] ?? "", signal, 2);
        }
        for (const i of undone) {
          await undo(sent[i] ?? "");
          expect((await untilDone(sent[i] ?? "")).state).toBe("undone");
        }
        const stay = batches.map((_, i) => i).filter((i) => !undone.includes(i));
        const fresh: string[] = [];
        for (const i of stay) fresh.push(await post(`not${run}`, batches[i] as (typeof batches)[number]));
        expect(await held(`saw${run}`)).toEqual(await held(`not${run}`));
        const counts = async (id: string) => {
          const { received, inserted, duplicates, rejected } = await receiptOf(id);
          return { received, inserted, duplicates, rejected };
        };
        for (const [n, i] of stay.entries()) expect(await counts(sent[i] ?? "")).toEqual(await counts(fresh[n] ?? ""));
      }),
      { numRuns: countFrom("TRIPGRID_TEST_UNDO", 12, 150) },
    );
  });

  async function post(world: string, { rows, isAsync }: { rows: object[]; isAsync: boolean }): Promise<string> {
    const trips = (rows as { id?: string; day: string; lon: number; region?: string }[]).map(
      ({ id, day, lon, region }) =>
        trip({
          source: world,
          trip_id: id,
          started_at: `${day}T08:00:00`,
          origin: [lon, 45],
          region: region && `${world} ${region}`,
        }),
    );
    const { body } = await send(service, trips, isAsync ? { headers: { prefer: "respond-async" } } : {});
    await untilDone(body.batch_id);
    return body.batch_id;
  }

  /** All that can be seen of a world, without its name. */
  async function held(world: string) {
    const trips = await service.sql<{ trip_id: string }[]>`
      select case when length(trip_id) < 20 then trip_id end as trip_id, local_time, started_at, is_local, st_astext(origin) as origin, region
      from tripgrid.trips where source = ${world} order by 1, 2, 4, 5, 6`;
    const weekly = await call<WeeklyAnswer>(service, `/v1/weekly-averages?source=${world}`);
    const regions = (await call<{ regions: ListedRegion[] }>(service, "/v1/regions")).body.regions;
    const { window, weeks } = weekly.body;
    return JSON.parse(
      JSON.stringify({
        trips,
        ...{ status: weekly.status, window, weeks },
        regions: regions
          .filter(({ name }) => name.startsWith(`${world} `))
          .map(({ name, has_trips }) => [name, has_trips]),
      }).replaceAll(world, "world"),
    );
  }
});
