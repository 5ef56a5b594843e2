/** The figures of clusters take each trip's distance from the index on clusters, which computed it when the trip was stored. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { createClient, type Sql } from "../../src/database/client.ts";
import { sendNew, trip } from "../harness/api.ts";
import { useService } from "../harness/index.ts";

const service = useService();
let sql: Sql;
beforeAll(async () => {
  sql = createClient(service.address, { max: 1, searchPath: service.prepared.searchPath });
  const of = (trip_id: number) => ({ source: "plan", trip_id: `${trip_id}`, started_at: "2018-05-21T08:00:00" });
  const [origin, destination] = [
    [7.67, 45.05],
    [7.7, 45.06],
  ];
  await sendNew(
    service,
    Array.from({ length: 500 }, (_, i) => trip({ ...of(i), origin, destination })),
  );
  await service.sql`analyze tripgrid.trips`;
});
afterAll(() => sql?.end());

/** How often PostGIS measured a distance while a statement ran in this process. */
async function measuredDuring(statement: string): Promise<{ rows: object[]; measured: number }> {
  return sql.begin(async (tx) => {
    // Functions in C are counted too, and what a parallel worker counts is not ours.
    await tx`set local track_functions = 'all'`;
    await tx`set local max_parallel_workers_per_gather = 0`;
    // What st_distancesphere is made of: SQL that the planner writes out.
    const calls = async () => {
      const [row] = await tx<{ calls: number }[]>`
        select coalesce(sum(calls), 0)::bigint as calls from pg_stat_xact_user_functions where funcname = 'st_distance'`;
      return row?.calls ?? Number.NaN;
    };
    const before = await calls();
    const rows = await tx.unsafe(statement);
    return { rows: [...rows], measured: (await calls()) - before };
  });
}

it("by an index scan that measures nothing", async () => {
  const figures = (key: string) => `
    select trips, (figures ->> 'median_distance_m')::float8 as median from tripgrid_internal.cluster_figures(
      tripgrid_internal.selection_of(null, 'origin', null, null, '2018-05-21', '2018-05-27', null, null), 5, array[1], array['${key}'], array['u0j2r'], array[8], 1)`;
  const found = await measuredDuring(figures("u0j2q"));
  expect(found).toEqual({ rows: [{ trips: 500, median: expect.closeTo(2607, -1) }], measured: 0 });
  // Otherwise nothing here could fail.
  const table = "select st_distancesphere(origin, destination) from tripgrid.trips where source = 'plan'";
  expect((await measuredDuring(table)).measured).toBe(500);
});
