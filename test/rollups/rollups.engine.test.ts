import { describe, expect, it } from "vitest";
import { refreshRollups } from "../../src/rollups/refresh-rollups.db.ts";
import type { RollupStatus } from "../../src/rollups/rollups.ts";
import type { WeeklyAnswer } from "../../src/weekly-averages/weekly-averages.ts";
import { call, geohash, sendNew, trip } from "../harness/api.ts";
import { useService } from "../harness/index.ts";

const service = useService();

const status = async () => (await call<RollupStatus>(service, "/v1/rollups")).body;

async function untilUpToDate(): Promise<void> {
  while ((await status()).weeks_behind > 0) await refreshRollups(service.sql, service.prepared.engine);
}

const counts = () => service.sql<{ cell: string; week: string; trips: number }[]>`
  select cell, week, trips from tripgrid_internal.weekly_origins_7 order by cell, week`;

async function weekly(query: string): Promise<WeeklyAnswer> {
  return (await call<WeeklyAnswer>(service, `/v1/weekly-averages?bbox=7.6,45,7.7,45.1&${query}`)).body;
}

/** As if a process had ended while it refreshed this week. */
const leaveAttempt = (week: string, deaths: number) => service.sql`
  insert into tripgrid_internal.refresh_attempts (week, process, deaths, began_at)
  values (${week}, gen_random_uuid(), ${deaths}, now() - interval '2 minutes')`;

describe("the rollups", () => {
  it("say how far they are behind, and take it up by themselves", async () => {
    await sendNew(service, [trip({ trip_id: "a" }), trip({ trip_id: "b" })]);
    // Within seconds, at the latest.
    while ((await status()).weeks_behind > 0) await new Promise((resolve) => setTimeout(resolve, 100));
    expect(await status()).toEqual({
      weeks_behind: 0,
      trips_behind: 0,
      behind_since: null,
      lag_seconds: 0,
      retired_before: null,
    });
    expect(await counts()).toEqual([{ cell: geohash(7.67, 45.05), week: "2018-05-21T00:00:00", trips: 2 }]);
  });

  it("follow every write, also by SQL", async () => {
    const { sql } = service;
    await sql`update tripgrid.trips set origin = st_setsrid(st_makepoint(7.9, 45.05), 4326) where trip_id = 'a'`;
    expect(await status()).toMatchObject({ weeks_behind: 1, trips_behind: 2 });
    expect((await weekly("")).trips).toBe(1);
    await untilUpToDate();
    expect((await weekly("")).trips).toBe(1);
    expect((await counts()).map(({ cell, trips }) => [cell, trips])).toEqual([
      [geohash(7.67, 45.05), 1],
      [geohash(7.9, 45.05), 1],
    ]);
    await sql`delete from tripgrid.trips where trip_id = 'a'`;
    expect((await weekly("")).trips).toBe(1);
    await untilUpToDate();
    expect((await counts()).map(({ trips }) => trips)).toEqual([1]);
    await sql`truncate tripgrid.trips`;
    expect((await weekly("from=2018-05-21")).trips).toBe(0);
    await untilUpToDate();
    expect(await counts()).toEqual([]);
  });

  it("are marked for every week when all trips go, also while a refresh is under way", async () => {
    await sendNew(service, [trip({ trip_id: "t1" }), trip({ trip_id: "t2", started_at: "2018-06-04T08:00:00" })]);
    await service.sql`truncate tripgrid.trips`;
    // As if the refresh had begun before: it takes up what it counted, and forgets just the notes that it had read.
    await service.sql`delete from tripgrid_internal.pending_weeks where inserted > 0`;
    expect((await status()).weeks_behind).toBe(2);
    await untilUpToDate();
  });

  it("are counted again where they were damaged, and are not used until then", async () => {
    await sendNew(service, [trip({ trip_id: "c" })]);
    await untilUpToDate();
    for (const table of await tables()) await service.sql.unsafe(`update ${table} set trips = 40`);
    expect((await weekly("method=estimate")).trips_bounds).toEqual([40, 40]);
    expect((await call(service, "/v1/rollups/rebuild", { method: "POST" })).status).toBe(202);
    expect((await weekly("method=estimate")).trips_bounds).toEqual([1, 1]);
    await untilUpToDate();
    expect((await weekly("method=estimate")).trips_bounds).toEqual([1, 1]);
    expect((await counts()).map(({ trips }) => trips)).toEqual([1]);
  });

  it("have their figures in the metrics", async () => {
    const reply = await fetch(`${service.url}/metrics`);
    expect(reply.headers.get("content-type")).toContain("text/plain");
    expect(await reply.text()).toMatch(/^tripgrid_rollup_lag_seconds \d/m);
  });

  it("retry a week once if a process ended during its refresh, and set it aside after the second time", async () => {
    await untilUpToDate();
    await leaveAttempt("2018-07-02", 0);
    await leaveAttempt("2018-07-09", 1);
    const days = ["2018-07-03", "2018-07-10", "2018-07-17"];
    await sendNew(
      service,
      days.map((day) => trip({ trip_id: `attempt ${day}`, started_at: `${day}T08:00:00` })),
    );
    while ((await status()).weeks_behind > 1) await refreshRollups(service.sql, service.prepared.engine);
    const pending = () => service.sql<{ week: string }[]>`select distinct week from tripgrid_internal.pending_weeks`;
    expect([...(await pending())]).toEqual([{ week: "2018-07-09" }]);
    // It is answered all the same, from the trips.
    expect((await weekly("from=2018-07-02&to=2018-07-20")).trips).toBe(3);
    const metrics = await (await fetch(`${service.url}/metrics`)).text();
    expect(metrics).toMatch(/^tripgrid_rollup_weeks_set_aside 1$/m);
    await service.sql`select tripgrid_internal.rebuild_rollups()`;
    await untilUpToDate();
    expect([...(await pending())]).toEqual([]);
  });
});

/** Where the counts are kept. */
async function tables(): Promise<string[]> {
  if (service.prepared.engine !== "timescaledb")
    return [7, 6, 5, 4].map((size) => `tripgrid_internal.live_weekly_origins_${size}`);
  const held = await service.sql<{ name: string }[]>`
    select format('%I.%I', materialization_hypertable_schema, materialization_hypertable_name) as name
    from timescaledb_information.continuous_aggregates where view_name like 'live_weekly_origins%'`;
  return held.map(({ name }) => name);
}
