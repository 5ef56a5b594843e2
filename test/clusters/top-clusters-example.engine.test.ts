/** The example in db/functions/top-clusters/README.md, with its rows as trips. */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { beforeAll, expect, it } from "vitest";
import { refreshRollups } from "../../src/rollups/refresh-rollups.db.ts";
import { useService } from "../harness/index.ts";
import { countFewToo } from "../oracle/clusters.ts";

const page = readFileSync(resolve(import.meta.dirname, "../../db/functions/top-clusters/README.md"), "utf8");
const rows = [...page.matchAll(/^\| \d+ \| (\d) \| (\w) \| (\w) \| (\d+) \| (\d+) \|$/gm)].map(
  ([, week, from, to, hour, trips]) => ({
    week: Number(week),
    ...{ from: `${from}`, to: `${to}`, hour: Number(hour), trips: Number(trips) },
  }),
);

const CELLS: Record<string, string> = { A: "u0j2q", B: "u0j2w", X: "u0j2r", Y: "u0j2x", Z: "u0j2y" };
/** Of the trips from B to each place, how many of each week begin in the half of B that lies in the area. */
const IN_AREA: Record<string, number[]> = { X: [53, 47], Y: [16, 12], Z: [0, 2] };
const MONDAYS = ["2018-05-07", "2018-05-14"];

const service = useService();
/** All of A, and the southern half of B, which lies north of A. */
let area = "";

beforeAll(async () => {
  const { sql } = service;
  await sql`select tripgrid_internal.ensure_partitions(${MONDAYS}::timestamp[])`;
  for (const [i, { week, from, to, hour, trips }] of rows.entries()) {
    const inside = from === "A" ? trips : (IN_AREA[to]?.[week - 1] ?? 0);
    await sql`
      insert into tripgrid.trips (local_time, started_at, origin, destination, source, trip_id)
      select at, at, st_translate(st_setsrid(st_pointfromgeohash(${CELLS[from] ?? ""}), 4326), 0, case when n <= ${inside} then -0.01 else 0.01 end),
             st_setsrid(st_pointfromgeohash(${CELLS[to] ?? ""}), 4326), 'example', ${i} || '-' || n
      from generate_series(1, ${trips}::int) n, (select ${`${MONDAYS[week - 1]} ${hour}:00`}::timestamp as at) t`;
  }
  for (;;) {
    const [behind] = await sql`select 1 from tripgrid_internal.pending_weeks limit 1`;
    if (!behind) break;
    await refreshRollups(sql, service.prepared.engine);
  }
  await countFewToo(sql);
  const [box] = await sql<{ area: string }[]>`
    select st_asewkt(st_makeenvelope(st_xmin(a), st_ymin(a), st_xmax(a), st_ymax(a) + 0.5 * (st_ymax(b) - st_ymin(b)), 4326)) as area
    from st_geomfromgeohash(${CELLS.A ?? ""}) a, st_geomfromgeohash(${CELLS.B ?? ""}) b`;
  area = box?.area ?? "";
});

it("has ten rows", () => {
  expect(rows).toHaveLength(10);
});

it("bounds three clusters by the rollup", async () => {
  const bounds = await service.sql`
    select o, d, h, upper, is_inside
    from tripgrid_internal.cluster_bounds(row(null, ${[CELLS.A, CELLS.B] as string[]}::text[], array[true, false], 'origin', null, null, null, null, null, null),
      null, ${MONDAYS}::timestamp[], null, 2, 72, 100) order by upper desc`;
  expect(bounds).toEqual([
    { o: CELLS.B, d: CELLS.X, h: 8, upper: 170, is_inside: false },
    { o: CELLS.A, d: CELLS.X, h: 8, upper: 115, is_inside: true },
    { o: CELLS.B, d: CELLS.Y, h: 17, upper: 85, is_inside: false },
  ]);
});

it("ends with the two largest clusters, and knows that no other one is as large", async () => {
  const [found] = await service.sql`
    with asked as (select tripgrid_internal.selection_of(${area}::geometry, 'origin', null, null, null, null, null, null) as s),
         cover as (select array_agg(c.cell) as cells, array_agg(c."inner") as inside from asked, tripgrid.area_cover((s).area, 2048) c)
    select t.o, t.d, t.h, t.n, t.least_n
    from asked, cover, tripgrid_internal.top_clusters(row((s).area, cells, inside, (s).match, null, null, (s).window_start, (s).window_end, null, null), 2, null) t`;
  expect(found).toEqual({ o: [CELLS.A, CELLS.B], d: [CELLS.X, CELLS.X], h: [8, 8], n: [115, 100], least_n: 100 });
});
