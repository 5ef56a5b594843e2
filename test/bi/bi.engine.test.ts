import { beforeAll, describe, expect, it, vi } from "vitest";
import { refreshRollups } from "../../src/rollups/refresh-rollups.db.ts";
import { refreshTotals } from "../../src/rollups/refresh-totals.db.ts";
import { geohash, sendNew } from "../harness/api.ts";
import { useService } from "../harness/index.ts";

const service = useService();

interface Trip {
  source: string;
  trip_id: string;
  started_at: string;
  origin: [number, number];
  destination?: [number, number];
  region?: string;
  driver_id?: string;
  ended_at?: string;
}

/** The same numbers in every run. */
function dice(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

const roll = dice(7);
const oneOf = <T>(...all: T[]): T => all[Math.floor(roll() ** 2 * all.length)] as T;
const place = (): [number, number] => [
  7.5 + Math.floor(roll() ** 2 * 5) * 0.05,
  45 + Math.floor(roll() ** 2 * 3) * 0.05,
];

const trips: Trip[] = Array.from({ length: 700 }, (_, i) => {
  const day = 1 + Math.floor(roll() * 31);
  const hour = 6 + Math.floor(roll() ** 2 * 6);
  const stamp = (minute: number) =>
    `2018-0${oneOf(5, 7)}-${String(day).padStart(2, "0")}T${String(hour).padStart(2, "0")}:${String(minute).padStart(2, "0")}:00`;
  const started_at = stamp(10);
  const region = oneOf("Turin", "Milan", undefined);
  const driver = oneOf("d1", "d2", "d3", "d4", "d5", undefined);
  return {
    source: oneOf("a", "b"),
    trip_id: String(i),
    started_at,
    origin: place(),
    ...(roll() < 0.8 ? { destination: place() } : {}),
    ...(region ? { region } : {}),
    ...(driver ? { driver_id: driver } : {}),
    ...(roll() < 0.7 ? { ended_at: started_at.replace(":10:", ":30:") } : {}),
  };
});

const cell = ([lon, lat]: [number, number]) => geohash(lon, lat, 5);
const dateOf = (trip: Trip) => new Date(`${trip.started_at}Z`);
const weekday = (trip: Trip) => dateOf(trip).getUTCDay() || 7;
const hourOf = (trip: Trip) => dateOf(trip).getUTCHours();
const monday = (trip: Trip) =>
  new Date(Date.parse(trip.started_at.slice(0, 10)) - (weekday(trip) - 1) * 86_400_000).toISOString().slice(0, 10);
const mondays = trips.map(monday).sort();
const WEEKS = (Date.parse(mondays.at(-1) ?? "") - Date.parse(mondays[0] ?? "")) / (7 * 86_400_000) + 1;

type Count = Map<string, number>;
const count = (of: Trip[], key: (trip: Trip) => unknown[]): Count => {
  const counts: Count = new Map();
  for (const one of of) {
    const name = JSON.stringify(key(one).map((part) => part ?? null));
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return counts;
};
const arrived = trips.filter((one) => one.destination);
const destination = (one: Trip) => cell(one.destination ?? [0, 0]);

/** How each view counts: its groups by hand, its columns that name them, and whose total is known. */
const VIEWS: Record<string, { columns: string; groups: Count; total: (key: unknown[]) => unknown }> = {
  weekly_regions: {
    columns: "week_start, region, source",
    groups: count(trips, (t) => [monday(t), t.region, t.source]),
    total: ([, region, source]) => [region, source],
  },
  hourly_profile: {
    columns: "region, source, weekday, hour",
    groups: count(trips, (t) => [t.region, t.source, weekday(t), hourOf(t)]),
    total: ([region, source]) => [region, source],
  },
  weekly_cells: {
    columns: "ends, week_start, region, source, cell",
    groups: new Map([
      ...count(trips, (t) => ["origin", monday(t), t.region, t.source, cell(t.origin)]),
      ...count(arrived, (t) => ["destination", monday(t), t.region, t.source, destination(t)]),
    ]),
    total: (key) => key.slice(0, 4),
  },
  clusters: {
    columns: "origin_cell, destination_cell, hour, region, source",
    groups: count(arrived, (t) => [cell(t.origin), destination(t), hourOf(t), t.region, t.source]),
    total: ([from, to]) => [from, to],
  },
  top_routes: {
    columns: "origin_cell, destination_cell",
    groups: count(arrived, (t) => [cell(t.origin), destination(t)]),
    total: (key) => key,
  },
  drivers: {
    columns: "driver_id, region, source",
    groups: count(
      trips.filter((t) => t.driver_id),
      (t) => [t.driver_id, t.region, t.source],
    ),
    total: ([, region, source]) => [region, source],
  },
};

async function shown(view: string): Promise<Count> {
  const columns = VIEWS[view]?.columns ?? "";
  const rows = await service.sql.unsafe(`select ${columns}, trips from bi.${view}`).values();
  const counts: Count = new Map(rows.map((row) => [JSON.stringify(row.slice(0, -1)), row.at(-1) as number]));
  expect(counts.size).toBe(rows.length);
  return counts;
}

beforeAll(async () => {
  const { sql, prepared } = service;
  await sendNew(service, trips);
  await sql`insert into tripgrid.regions (name) select 'unused'`;
  for (;;) {
    await refreshRollups(sql, prepared.engine);
    const [behind] = await sql`select 1 from tripgrid_internal.pending_weeks limit 1`;
    if (behind) continue;
    await refreshTotals(sql, prepared.engine, true);
    const [totals] = await sql`select 1 from tripgrid_internal.totals_state where is_behind`;
    if (!totals) break;
  }
});

describe("the views", () => {
  it.each(Object.keys(VIEWS))("bi.%s counts every trip in its group", async (view) => {
    expect(new Map([...(await shown(view))].sort())).toEqual(new Map([...(VIEWS[view]?.groups ?? [])].sort()));
  });

  it("name weeks, weekdays and places", async () => {
    const { sql } = service;
    const week = { week: "2018-W19", week_start: "2018-05-07" };
    expect(await sql`select distinct week, week_start from bi.weekly_regions where week_start = '2018-05-07'`).toEqual([
      week,
    ]);
    expect(await sql`select distinct week, week_start from bi.weekly_cells where week = '2018-W19'`).toEqual([week]);
    expect(await sql`select distinct weekday_name from bi.hourly_profile where weekday = 7`).toEqual([
      { weekday_name: "Sunday" },
    ]);
    const places = await sql<{ cell: string; lat: number; lon: number; x: number; y: number }[]>`
      select distinct cell, lat, lon, st_x(geom) as x, st_y(geom) as y from bi.weekly_cells`;
    expect(places.length).toBeGreaterThan(5);
    for (const { cell, lat, lon, x, y } of places) {
      expect([geohash(lon, lat, 5), x, y]).toEqual([cell, lon, lat]);
    }
  });

  it("know where a cell is that the table of cells lacks", async () => {
    const { sql } = service;
    const before = await sql`select distinct cell, lat, lon, st_asewkt(geom) as geom from bi.weekly_cells order by 1`;
    // Made with the totals, so there is none of theirs that it lacks.
    expect(await sql`select 1 from bi.clusters where origin_lat is null or destination_lon is null`).toEqual([]);
    await sql`create temporary table kept as select * from tripgrid_internal.cells`;
    await sql`delete from tripgrid_internal.cells`;
    expect(await sql`select distinct cell, lat, lon, st_asewkt(geom) as geom from bi.weekly_cells order by 1`).toEqual(
      before,
    );
    await sql`insert into tripgrid_internal.cells select * from kept`;
    await sql`drop table kept`;
  });

  it("average over all weeks, those without trips too", async () => {
    const { sql } = service;
    const regions = count(trips, (t) => [t.region, t.source]);
    const rows = await sql`select distinct region, source, average_trips_per_week as average from bi.weekly_regions`;
    expect(rows).toHaveLength(regions.size);
    for (const { region, source, average } of rows) {
      expect(average).toBeCloseTo((regions.get(JSON.stringify([region, source])) ?? 0) / WEEKS, 9);
    }
    for (const [view, average] of [
      ["clusters", "trips_per_week"],
      ["top_routes", "trips_per_week"],
      ["drivers", "trips_per_week"],
      ["hourly_profile", "average_trips"],
    ]) {
      const wrong = await sql.unsafe(`select * from bi.${view} where abs(${average} * ${WEEKS} - trips) > 1e-6`);
      expect(wrong).toEqual([]);
    }
  });

  it("give the averages of their trips", async () => {
    const { sql } = service;
    const [trip] = await sql`
      with own as (
        select left(o_cell, 5) as o, left(d_cell, 5) as d, avg(duration_s) as duration_s, avg(st_distancesphere(origin, destination)) as distance_m
        from tripgrid.trips where destination is not null group by 1, 2)
      select count(*) as routes, count(*) filter (where r.average_duration_s is distinct from own.duration_s
               or abs(r.average_distance_m - own.distance_m) > 1e-6) as wrong
      from own left join bi.top_routes r on r.origin_cell = own.o and r.destination_cell = own.d`;
    expect(trip).toEqual({ routes: VIEWS.top_routes?.groups.size, wrong: 0 });
    const [cluster] = await sql`
      select count(*) as wrong from bi.clusters c
      cross join lateral (
        select avg(st_distancesphere(origin, destination)) as distance_m, avg(duration_s) as duration_s from tripgrid.trips t
        where t.o_cell ^@ c.origin_cell and t.d_cell ^@ c.destination_cell and extract(hour from local_time) = c.hour
          and t.source = c.source and t.region is not distinct from c.region) own
      where (abs(c.average_distance_m - own.distance_m) < 5.01 and c.average_distance_m::numeric % 10 = 0) is not true
        or c.average_duration_s is null <> (own.duration_s is null) or abs(c.average_duration_s - own.duration_s) > 0.51
        or cluster_id <> origin_cell || '-' || destination_cell || '-' || to_char(hour, 'FM00')`;
    expect(cluster?.wrong).toBe(0);
    const ranks =
      await sql`select rank, trips, st_numpoints(geom) as points, st_srid(geom) as srid from bi.top_routes order by rank`;
    expect(ranks.map(({ rank }) => rank)).toEqual(ranks.map((_, i) => i + 1));
    expect(ranks.map(({ trips }) => trips)).toEqual(ranks.map(({ trips }) => trips).sort((a, b) => b - a));
    expect(ranks[0]).toMatchObject({ points: 2, srid: 4326 });
  });

  it("show batches, rejected rows and single trips", async () => {
    const { sql, url } = service;
    const body = JSON.stringify([{ source: "r", started_at: "nonsense", origin: [7.6, 45] }]);
    await fetch(`${url}/v1/trips`, { method: "POST", headers: { "content-type": "application/json" }, body });
    const today = (await sql`select (now() at time zone 'UTC')::date as day`)[0]?.day;
    expect(await sql`select * from bi.rejects`).toEqual([
      { day: today, source: "r", field: "started_at", code: expect.any(String), rows: 1 },
    ]);
    const [batch] =
      await sql`select received, inserted, rejected, state, day from bi.batches order by created_at desc limit 1`;
    expect(batch).toEqual({ received: 1, inserted: 0, rejected: 1, state: "committed", day: today });
    const [trip] = await sql`select *, st_asewkt(geom) as wkt from bi.trips where trip_id = '0'`;
    const [lon, lat] = trips[0]?.origin ?? [];
    expect(trip).toMatchObject({ origin_lon: lon, origin_lat: lat, wkt: `SRID=4326;POINT(${lon} ${lat})` });
  });

  it("say as of when they are", async () => {
    const { sql } = service;
    const fresh = () => sql`select view_name, as_of > now() - interval '1 hour' as recent, weeks_behind, trips_behind,
      window_from, window_to, min_trips from bi.freshness order by 1`;
    const views =
      await sql`select table_name from information_schema.views where table_schema = 'bi' and table_name <> 'freshness' order by 1`;
    expect((await fresh()).map((row) => row.view_name)).toEqual(views.map((row) => row.table_name));
    const window_to = new Date(Date.parse(mondays.at(-1) ?? "") + 7 * 86_400_000).toISOString().slice(0, 10);
    const upToDate = {
      recent: true,
      weeks_behind: 0,
      trips_behind: 0,
      window_from: mondays[0],
      window_to,
      min_trips: 1,
    };
    for (const view_name of Object.keys(VIEWS)) expect(await fresh()).toContainEqual({ view_name, ...upToDate });
    await sql.begin(async (tx) => {
      await tx`insert into tripgrid_internal.pending_weeks (week, inserted, created_at) values ('2018-05-07', 3, '2020-01-01 00:00Z')`;
      expect(
        await tx`select as_of, weeks_behind, trips_behind from bi.freshness where view_name = 'weekly_cells'`,
      ).toEqual([{ as_of: "2020-01-01T00:00:00Z", weeks_behind: 1, trips_behind: 3 }]);
      await tx`delete from tripgrid_internal.pending_weeks`;
    });
  });

  it("have a comment, and so has each of their columns", async () => {
    const bare = await service.sql`
      select c.relname, a.attname from pg_class c
      join pg_attribute a on a.attrelid = c.oid and a.attnum >= 0 and not a.attisdropped or a.attrelid = c.oid and a.attnum = -1
      where c.relnamespace = 'bi'::regnamespace
        and coalesce(col_description(c.oid, greatest(a.attnum, 0)::int), obj_description(c.oid, 'pg_class')) is null`;
    expect(bare).toEqual([]);
    const [total] = await service.sql`
      select count(*) as columns, count(col_description(c.oid, a.attnum)) as described, count(distinct c.oid) as views,
             count(distinct obj_description(c.oid, 'pg_class')) as named
      from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
      where c.relnamespace = 'bi'::regnamespace`;
    expect(total?.described).toBe(total?.columns);
    expect(total?.named).toBe(total?.views);
    expect(total?.views).toBe(11);
  });
});

describe("with a minimum", () => {
  const LEAST = 4;

  beforeAll(async () => {
    const { sql, prepared } = service;
    await sql`update tripgrid.settings set min_trips = ${LEAST}`;
    // The totals were made when fewer trips were enough.
    expect(await sql`select 1 from bi.clusters limit 1`).toEqual([]);
    expect(await sql`select as_of from bi.freshness where view_name = 'clusters'`).toEqual([{ as_of: null }]);
    await vi.waitFor(async () => {
      await refreshTotals(sql, prepared.engine);
      expect(await sql`select min_trips from tripgrid_internal.totals_state`).toEqual([{ min_trips: LEAST }]);
    }, 300_000);
    return () => service.sql`update tripgrid.settings set min_trips = 1`;
  });

  it.each(Object.keys(VIEWS))("bi.%s withholds smaller groups, and none can be had from its total", async (view) => {
    const groups = VIEWS[view]?.groups ?? new Map<string, number>();
    const seen = await shown(view);
    const totals = new Map<string, { hidden: number; small: number; others: number }>();
    for (const [key, n] of groups) {
      if (n < LEAST) expect(seen.has(key)).toBe(false);
      if (seen.has(key)) expect(seen.get(key)).toBe(n);
      const total = JSON.stringify(VIEWS[view]?.total(JSON.parse(key)));
      const sum = totals.get(total) ?? { hidden: 0, small: 0, others: 0 };
      if (!seen.has(key)) sum.hidden += n;
      if (n < LEAST) sum.small++;
      else sum.others++;
      totals.set(total, sum);
    }
    expect(seen.size).toBeGreaterThan(0);
    expect(seen.size).toBeLessThan(groups.size);
    for (const { hidden, others } of totals.values())
      if (hidden > 0 && others > 0) expect(hidden).toBeGreaterThanOrEqual(LEAST);
    // No more than one beside the small ones is withheld for each total; weekly regions have two totals.
    const extra = [...groups].filter(([key, n]) => n >= LEAST && !seen.has(key)).length;
    const needy = [...totals.values()].filter(({ small }) => small > 0).length;
    if (view !== "weekly_regions") expect(extra).toBeLessThanOrEqual(needy);
  });

  it("clusters tell an average duration where as many trips as the minimum have one", async () => {
    const told = await service.sql<{ durations: number; tells: boolean }[]>`
      select own.durations, c.average_duration_s is not null as tells
      from bi.clusters c
      cross join lateral (
        select count(duration_s) as durations from tripgrid.trips t
        where t.o_cell ^@ c.origin_cell and t.d_cell ^@ c.destination_cell and extract(hour from local_time) = c.hour
          and t.source = c.source and t.region is not distinct from c.region) own`;
    expect(told.length).toBeGreaterThan(0);
    for (const { durations, tells } of told) expect([durations, tells]).toEqual([durations, durations >= LEAST]);
    expect(new Set(told.map(({ tells }) => tells)).size).toBe(2);
  });

  it("no trip is shown, and nothing that is asked is told what is withheld", async () => {
    const { sql } = service;
    expect(await sql`select * from bi.trips`).toEqual([]);
    for (const view of Object.keys(VIEWS)) {
      // Would divide by zero on a group of one trip.
      await sql.unsafe(`select * from bi.${view} where 1 / (trips - 1) >= 0`);
    }
    expect(await sql`select distinct min_trips from bi.freshness where window_from is not null`).toEqual([
      { min_trips: LEAST },
    ]);
  });
});

it("bi.trips is empty where single trips are not shown", async () => {
  const { sql } = service;
  expect((await sql`select 1 from bi.trips limit 1`).length).toBe(1);
  await sql`update tripgrid.settings set shows_trips = false`;
  expect(await sql`select * from bi.trips`).toEqual([]);
  await sql`update tripgrid.settings set shows_trips = true`;
});
