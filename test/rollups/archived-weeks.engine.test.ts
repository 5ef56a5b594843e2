import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { Receipt } from "../../src/batches/receipt.ts";
import type { ClusterAnswer } from "../../src/clusters/clusters.ts";
import { createClient, type Sql } from "../../src/database/client.ts";
import { archiveWeeks } from "../../src/rollups/archive-weeks.db.ts";
import { compressOldTrips } from "../../src/rollups/compress-trips.db.ts";
import type { RollupStatus } from "../../src/rollups/rollups.ts";
import type { WeeklyAnswer } from "../../src/weekly-averages/weekly-averages.ts";
import { call, callJson, keepWeeksFor, type Problem, send, sendNew, trip } from "../harness/api.ts";
import { engine, NO_REFRESH, useService } from "../harness/index.ts";

/** A Monday on which a partition begins; the first and the last trip before it are the ends of a retired week. */
const RETIRED = "2018-05-28";
const OLD = trip({ trip_id: "old", region: "Turin", started_at: "2018-05-07T08:00:00" });
const LAST = trip({ trip_id: "last", started_at: "2018-05-27T23:59:59.999999" });
const FIRST = trip({ trip_id: "first", started_at: "2018-05-28T00:00:00" });

const service = useService({}, NO_REFRESH);
let session: Sql;
beforeAll(() => {
  session = createClient(service.address, { max: 1, searchPath: service.prepared.searchPath });
});
afterAll(() => session.end({ timeout: 5 }));

const retire = (dropAfter: string) => archiveWeeks(session, engine, keepWeeksFor(RETIRED), { dropAfter });
/** A box whose west edge lies within the cell of the trips. */
const ask = async (query = "") =>
  (await call<WeeklyAnswer>(service, `/v1/weekly-averages?bbox=7.6699,45,7.7,45.1&${query}`)).body;
const storedIds = async () => (await service.sql`select trip_id from tripgrid.trips order by 1`).map((t) => t.trip_id);

describe("weeks whose trips are older than the retention period", () => {
  it("are retired, and their trips are dropped when no transaction can use them any more", async () => {
    await callJson(service, "PUT", "/v1/regions/Turin", { time_zone: "Europe/Rome" });
    await sendNew(service, [OLD, LAST, FIRST]);
    expect((await ask()).method).toBe("exact");
    if (engine === "timescaledb")
      expect(await compressOldTrips(session, engine, keepWeeksFor(RETIRED))).toHaveLength(1);
    expect(await ask()).toMatchObject({ method: "exact", trips: 3 });
    expect(await retire("1 hour")).toEqual({ retired: true, dropped: 0 });
    expect(await storedIds()).toEqual(["first", "last", "old"]);
    expect(await retire("0 seconds")).toMatchObject({ retired: false });
    // A chunk goes once all of it is retired.
    expect(await storedIds()).toEqual(engine === "timescaledb" ? expect.arrayContaining(["first"]) : ["first"]);
    expect(await retire("0 seconds")).toEqual({ retired: false, dropped: 0 });
    expect((await call<RollupStatus>(service, "/v1/rollups")).body).toMatchObject({
      weeks_behind: 0,
      retired_before: RETIRED,
    });
  });

  it("are answered with bounds where the edge runs, and the answer says so", async () => {
    const answer = await ask();
    expect(answer).toMatchObject({ method: "estimate", retired_before: RETIRED, window: { from: "2018-05-07" } });
    expect(answer.trips_bounds?.[0]).toBeLessThan(3);
    expect(answer.trips_bounds?.[1]).toBe(3);
    const live = answer.weeks.at(-1);
    expect(live).toMatchObject({ start: RETIRED, trips_bounds: [live?.trips, live?.trips] });
  });

  it("are answered exactly where no edge cuts their cells, or all of the question is later", async () => {
    expect(await ask("from=2018-05-28")).toMatchObject({ method: "exact" });
    expect(await ask("from=2018-05-28")).not.toHaveProperty("retired_before");
    const wide = await call<WeeklyAnswer>(service, "/v1/weekly-averages?bbox=7,44,8,46");
    expect(wide.body).toMatchObject({ method: "exact", trips: 3, retired_before: RETIRED });
    const region = await call<WeeklyAnswer>(service, "/v1/weekly-averages?region=Turin&hours=8");
    expect(region.body).toMatchObject({ method: "exact", trips: 1 });
  });

  it("are left out of clusters, which are made from the trips, and the answer says so", async () => {
    const { body } = await call<ClusterAnswer>(service, "/v1/clusters?bbox=7,44,8,46");
    expect(body).toMatchObject({ trips: 1, retired_before: RETIRED, window: { from: RETIRED, to: "2018-06-04" } });
    const gone = await call<ClusterAnswer>(service, "/v1/clusters?from=2018-05-07&to=2018-05-20");
    expect(gone.body).toMatchObject({ trips: 0, window: null, weeks_in_window: 0, retired_before: RETIRED });
    const later = await call<ClusterAnswer>(service, `/v1/clusters?from=${RETIRED}`);
    expect(later.body).not.toHaveProperty("retired_before");
  });

  it("take no trip any more: it is rejected with the reason, and the others of the batch are stored", async () => {
    const batch = [
      trip({ trip_id: "late", started_at: "2018-05-27T23:00:00" }),
      trip({ trip_id: "on-time", started_at: "2018-05-28T01:00:00" }),
      // By the clock at its origin it is the next week.
      trip({ trip_id: "zoned", region: "Turin", started_at: "2018-05-27T23:30:00Z" }),
    ];
    const { body } = await send(service, batch, { query: "verdicts=all" });
    expect(body).toMatchObject({ received: 3, inserted: 2, duplicates: 0, rejected: 1 });
    expect(body.rejects[0]).toMatchObject({ row: 1, trip_id: "late", field: "started_at", code: "week_retired" });
    expect(body.rejects[0]?.detail).toContain(RETIRED);
    expect(body.verdicts?.map(({ verdict }) => verdict)).toEqual(["rejected", "inserted", "inserted"]);
    const rejects = await fetch(`${service.url}/v1/batches/${body.batch_id}/rejects?format=ndjson`);
    expect(await rejects.text()).toContain('"late"');
    expect((await call<Receipt>(service, `/v1/batches/${body.batch_id}`)).body.rejected).toBe(body.rejected);
  });

  it("take none of many that are copied either", async () => {
    const many = Array.from({ length: 500 }, (_, i) =>
      trip({ trip_id: `many${i}`, started_at: i % 5 === 0 ? "2018-05-08T08:00:00" : "2018-05-29T08:00:00" }),
    );
    expect((await send(service, many)).body).toMatchObject({ inserted: 400, duplicates: 0, rejected: 100 });
    const { body } = await send(service, many, { headers: { prefer: "respond-async" } });
    await vi.waitFor(async () => {
      const { body: done } = await call<Receipt>(service, `/v1/batches/${body.batch_id}`);
      expect(done).toMatchObject({ state: "committed", inserted: 0, duplicates: 400, rejected: 100 });
    }, 300_000);
  });

  it("take no mended row, and give it back with the reason", async () => {
    const bad = trip({ trip_id: "mended", started_at: "soon" });
    const { body } = await send(service, [bad, trip({ trip_id: "good", started_at: "2018-05-30T08:00:00" })]);
    const { body: mended } = await callJson<Receipt>(service, "POST", `/v1/batches/${body.batch_id}/rejects`, [
      { row: 1, ...bad, started_at: "2018-05-20T08:00:00" },
    ]);
    expect(mended).toMatchObject({ inserted: 1, rejected: 1, rejects: [{ row: 1, code: "week_retired" }] });
  });

  it("take no correction", async () => {
    const moved = await callJson<Problem>(service, "PUT", "/v1/trips/test/first", { ...LAST, trip_id: "first" });
    expect([moved.status, moved.body.code]).toEqual([409, "week_retired"]);
    const late = await callJson<Problem>(service, "PUT", "/v1/trips/test/last", LAST);
    expect([late.status, late.body.code]).toEqual([409, "week_retired"]);
    expect(late.body).toMatchObject({ closed_before: RETIRED });
  });

  it("take nothing by SQL, whatever the isolation", async () => {
    const { sql } = service;
    const late = sql`insert into tripgrid.trips (local_time, started_at, origin, source, trip_id)
      values ('2018-05-27', '2018-05-27Z', st_point(7.6, 45, 4326), 's', 'sql')`;
    await expect(late).rejects.toMatchObject({ code: engine === "timescaledb" ? "TG005" : "23514" });
    await expect(
      sql.begin(async (tx) => {
        await tx`set transaction isolation level repeatable read`;
        await tx`update tripgrid.trips set local_time = '2018-05-27' where trip_id = 'first'`;
      }),
    ).rejects.toThrow();
  });

  it("keep their counts when rollups are rebuilt or trips are truncated", async () => {
    const before = await ask("to=2018-05-27");
    expect(before.trips_bounds?.[1]).toBe(2);
    await service.sql`select tripgrid_internal.rebuild_rollups()`;
    await archiveWeeks(session, engine, undefined);
    await service.sql`truncate tripgrid.trips`;
    const { data_as_of: _, ...after } = await ask("to=2018-05-27");
    expect(before).toMatchObject(after);
    expect((await ask("from=2018-05-28&to=2018-06-03")).trips).toBe(0);
  });
});
