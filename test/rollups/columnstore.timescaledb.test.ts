import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { Receipt } from "../../src/batches/receipt.ts";
import { createClient, type Sql } from "../../src/database/client.ts";
import { compressOldTrips, unpackTrips } from "../../src/rollups/compress-trips.db.ts";
import { refreshRollups } from "../../src/rollups/refresh-rollups.db.ts";
import { newMemory } from "../../src/storage/insert-trips.db.ts";
import { inTransaction } from "../../src/storage/trip-transaction.db.ts";
import type { WeeklyAnswer } from "../../src/weekly-averages/weekly-averages.ts";
import { call, callJson, keepWeeksFor, send, sendNew, trip } from "../harness/api.ts";
import { NO_REFRESH, useService } from "../harness/index.ts";

const service = useService({}, NO_REFRESH);
let session: Sql;
beforeAll(() => {
  session = createClient(service.address, { max: 1, searchPath: service.prepared.searchPath });
});
afterAll(() => session.end({ timeout: 5 }));

const move = () => compressOldTrips(session, "timescaledb", keepWeeksFor("2018-06-25"));
const packed = () => service.sql<{ name: string }[]>`
  select chunk_name as name from timescaledb_information.chunks where hypertable_name = 'trips' and is_compressed`;
const trips = async (query = "") =>
  (await call<WeeklyAnswer>(service, `/v1/weekly-averages?bbox=7.6699,45,7.7,45.1&${query}`)).body;

describe("trips in the columnstore", () => {
  it("are those of chunks that are old enough", async () => {
    await sendNew(service, [
      ...[1, 2, 3].map((i) => trip({ trip_id: `old${i}`, destination: [7.68, 45.05] })),
      trip({ trip_id: "new", started_at: "2018-07-21T08:00:00" }),
    ]);
    await refreshRollups(session, "timescaledb");
    expect(await move()).toHaveLength(1);
    expect(await packed()).toHaveLength(1);
    expect(await move()).toEqual([]);
  });

  it("are counted by every filter, as are those that come late", async () => {
    expect(await trips("to=2018-06-01")).toMatchObject({ trips: 3, method: "exact" });
    expect((await send(service, [trip({ trip_id: "old1" }), trip({ trip_id: "late" })])).body).toMatchObject({
      inserted: 1,
      duplicates: 1,
    });
    const ask = async (query: string) => (await trips(query)).trips;
    expect(await ask("")).toBe(5);
    expect(await ask("match=both")).toBe(3);
    expect(await ask("match=either&hours=8")).toBe(5);
    expect(await ask("match=destination&source=test&days=mon")).toBe(3);
    await refreshRollups(session, "timescaledb");
    expect(await ask("")).toBe(5);
  });

  it("are corrected and cancelled where they are", async () => {
    const moved = await callJson(service, "PUT", "/v1/trips/test/old1", {
      started_at: "2018-05-21T08:00:00",
      origin: [8, 45],
    });
    expect(moved.status).toBe(200);
    expect((await call(service, "/v1/trips/test/old2", { method: "DELETE" })).status).toBe(204);
    expect((await trips("to=2018-06-01")).trips).toBe(2);
    await refreshRollups(session, "timescaledb");
    expect((await trips("to=2018-06-01")).trips).toBe(2);
    expect(await packed()).toHaveLength(1);
  });

  it("are compressed again once many trips came late", async () => {
    await service.sql`
      insert into tripgrid.trips (local_time, started_at, origin, source, trip_id)
      select t, t at time zone 'UTC', st_point(9 + i * 1e-6, 45, 4326), 'many', i::text
      from generate_series(1, 120000) i cross join lateral (select timestamp '2018-05-22' + i * interval '1 second' as t) t`;
    // The server tells how many there are within a second or so.
    await vi.waitFor(async () => expect(await move()).toHaveLength(1), { timeout: 300_000, interval: 500 });
    expect(await move()).toEqual([]);
    expect((await trips("to=2018-06-01")).trips).toBe(2);
  });

  it("are unpacked for a batch for which they make the database give up", async () => {
    const sql = createClient(service.address, {
      max: 1,
      searchPath: service.prepared.searchPath,
      statementTimeoutMs: 700,
    });
    const late = Array.from({ length: 200 }, () => ({ kind: "naive", text: "2018-05-21T08:00:00" }) as const);
    let tries = 0;
    const store = { sql, patientSql: sql, partitions: new Set<number>(), memory: newMemory(false) };
    const done = await inTransaction(store, late, async (tx) => {
      tries++;
      // As if each of its trips were looked for in much that is packed.
      await tx`select pg_sleep(2) from timescaledb_information.chunks where hypertable_name = 'trips' and is_compressed`;
      return "stored";
    });
    expect([done, tries]).toEqual(["stored", 2]);
    expect(await packed()).toEqual([]);
    const again = inTransaction(
      store,
      [{ kind: "naive", text: "2018-05-21T08:00:00" }],
      (tx) => tx`select pg_sleep(2)`,
    );
    await expect(again).rejects.toMatchObject({ code: "query_timeout" });
    await sql.end({ timeout: 5 });
    expect((await trips("to=2018-06-01")).trips).toBe(2);
  });

  it("are unpacked once if several need it at the same time", async () => {
    expect(await move()).toHaveLength(1);
    const late = Array.from({ length: 200 }, () => ({ kind: "naive", text: "2018-05-21T08:00:00" }) as const);
    const unpack = () => unpackTrips(createdClient(), late);
    expect((await Promise.all([unpack(), unpack(), unpack()])).filter(Boolean)).toEqual([true]);
    expect(await unpackTrips(service.sql, late.slice(1))).toBe(false);
  });

  it("are unpacked by an undo of many of them", async () => {
    const before = (await trips("to=2018-06-01")).trips ?? 0;
    const rows = Array.from({ length: 300 }, (_, i) => trip({ source: "taken back", trip_id: `${i}` }));
    const { batch_id } = await sendNew(service, rows);
    await refreshRollups(session, "timescaledb");
    expect(await move()).toHaveLength(1);
    expect((await trips("to=2018-06-01")).trips).toBe(before + 300);
    await call(service, `/v1/batches/${batch_id}`, { method: "DELETE" });
    const receipt = async () => (await call<Receipt>(service, `/v1/batches/${batch_id}`)).body;
    await expect.poll(receipt).toMatchObject({ state: "undone", undone: { removed: 300, kept: 0 } });
    expect(await packed()).toEqual([]);
    expect((await trips("to=2018-06-01")).trips).toBe(before);
  });
});

const clients: Sql[] = [];
afterAll(() => Promise.all(clients.map((client) => client.end({ timeout: 5 }))));
function createdClient(): Sql {
  const client = createClient(service.address, { max: 1, searchPath: service.prepared.searchPath });
  clients.push(client);
  return client;
}
