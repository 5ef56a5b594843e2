/**
 * The biggest clusters of an area, or of all trips, most of which are never counted, against a GROUP BY over all trips: for trips that are
 * many at few places, areas whose edge runs among these, filters, minimums, and weeks that the rollups do not know.
 *
 * `TRIPGRID_TEST_CASES` and `TRIPGRID_TEST_SEED` as in weekly-averages.property.test.ts.
 */
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createClient, type Sql } from "../../src/database/client.ts";
import { Random } from "../../src/demo/random.ts";
import { refreshRollups } from "../../src/rollups/refresh-rollups.db.ts";
import { countFrom, engine, NO_REFRESH, useService } from "../harness/index.ts";
import { countFewToo, withheldOf } from "../oracle/clusters.ts";

const cases = Math.ceil(countFrom("TRIPGRID_TEST_CASES", 40, 5000) / 2);
const seed = Number(process.env.TRIPGRID_TEST_SEED ?? Date.now() % 2 ** 31);

const random = Random.seeded(seed);
const [LON, LAT] = [7.6, 45.05];
/** About twenty kilometres around: some cells of five characters each way. */
const somewhere = (): [number, number] => [LON + 0.13 * random.normal(), LAT + 0.09 * random.normal()];
const STREETS = Array.from({ length: 24 }, somewhere);
/** Where trips end, in some cells only that. */
const ENDS = Array.from({ length: 24 }, somewhere);
/** The first ones see most trips. */
const oneOf = (places: readonly [number, number][]) =>
  places[Math.floor(places.length * random.unit() ** 3)] as [number, number];
const near = ([lon, lat]: [number, number]): [number, number] => [
  lon + 0.012 * random.normal(),
  lat + 0.008 * random.normal(),
];
const MONDAY = Date.parse("2024-04-01");
const HOUR = 3_600_000;

function someTrips(count: number, days: number) {
  return Array.from({ length: count }, () => {
    const [origin, destination] = [near(oneOf(STREETS)), random.unit() < 0.9 ? near(oneOf(ENDS)) : null];
    const hours = 24 * Math.floor(days * random.unit()) + Math.min(23, Math.floor(24 * random.unit() ** 2));
    const at = new Date(MONDAY + hours * HOUR + Math.floor(HOUR * random.unit()));
    return {
      ...{ at: at.toISOString().slice(0, 19), origin, destination, source: random.unit() < 0.8 ? "loom" : "wick" },
      duration_s: random.unit() < 0.7 ? Math.floor(3000 * random.unit()) : null,
    };
  });
}

async function insert(sql: Sql, count: number, days = 35): Promise<void> {
  await sql`select tripgrid_internal.ensure_partitions(array(select generate_series('2024-04-01'::timestamp, '2024-05-06', '1 day')))`;
  await sql`
    insert into tripgrid.trips (local_time, started_at, origin, destination, duration_s, source, trip_id)
    select at, at at time zone 'UTC', st_point((origin ->> 0)::float8, (origin ->> 1)::float8, 4326),
           case when jsonb_typeof(destination) = 'array' then st_point((destination ->> 0)::float8, (destination ->> 1)::float8, 4326) end,
           duration_s, source, gen_random_uuid()
    from jsonb_to_recordset(${JSON.stringify(someTrips(count, days))}::text::jsonb)
      t (at timestamp, origin jsonb, destination jsonb, duration_s float8, source text)`;
}

interface Case {
  /** Asked without an area. */
  hasNoArea: boolean;
  centre: [number, number];
  radius: number;
  spikes: number[];
  /** A small square around it is part of the area: little of its cell, and many of the cell's trips. */
  also: [number, number] | null;
  match: "origin" | "both";
  from: string | null;
  to: string | null;
  hours: number[] | null;
  days: number[] | null;
  source: string | null;
  limit: number;
  minTrips: number | null;
  withheldBelow: number;
}

const rarely = <T>(arbitrary: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 4, arbitrary: fc.constant(null) }, { weight: 1, arbitrary });

const anyCase: fc.Arbitrary<Case> = fc.record({
  hasNoArea: fc.constantFrom(false, false, true),
  centre: fc.constantFrom(...STREETS),
  radius: fc.double({ min: 0.06, max: 0.4, noNaN: true }),
  spikes: fc.array(fc.double({ min: 0.3, max: 1, noNaN: true }), { minLength: 3, maxLength: 40 }),
  also: fc.oneof(fc.constant(null), fc.constantFrom(...STREETS)),
  match: fc.constantFrom("origin", "origin", "both"),
  from: rarely(fc.constantFrom("2024-04-01", "2024-04-09")),
  to: rarely(fc.constantFrom("2024-04-17", "2024-04-30")),
  hours: rarely(fc.constantFrom([0, 1, 2], [5], [22, 23, 0])),
  days: rarely(fc.constantFrom([1, 2, 3, 4, 5], [6])),
  source: rarely(fc.constantFrom("loom", "wick", "nobody")),
  limit: fc.constantFrom(1, 2, 5, 15),
  minTrips: rarely(fc.constantFrom(2, 30)),
  withheldBelow: fc.constantFrom(1, 1, 5, 40),
});

/** Among all of them one is the biggest, and most are far smaller. */
const wholeCity: Case = {
  ...{
    hasNoArea: false,
    centre: [LON, LAT],
    radius: 2,
    spikes: Array.from({ length: 12 }, () => 1),
    also: null,
    match: "origin",
    limit: 1,
  },
  ...{ from: null, to: null, hours: null, days: null, source: null, minTrips: null, withheldBelow: 1 },
};

/** A star-shaped ring, cut by no cell's border but by chance, and perhaps a square elsewhere. */
function areaOf({ hasNoArea, centre: [lon, lat], radius, spikes, also }: Case): string | null {
  if (hasNoArea) return null;
  const ring = spikes.map((spike, i) => {
    const angle = (2 * Math.PI * i) / spikes.length;
    return `${lon + radius * spike * Math.cos(angle)} ${lat + 0.7 * radius * spike * Math.sin(angle)}`;
  });
  const square = also?.flatMap((centre) => [centre - 0.005, centre + 0.005]);
  const [west, east, south, north] = square ?? [];
  const around = square
    ? `,POLYGON((${west} ${south},${east} ${south},${east} ${north},${west} ${north},${west} ${south}))`
    : "";
  return `SRID=4326;GEOMETRYCOLLECTION(POLYGON((${[...ring, ring[0]].join(",")}))${around})`;
}

const WEEK_S = 7 * 86_400;
/** In seconds since 1970, the Monday of a date's week; that Thursday was the fourth day of one. */
const monday = (date: string | null) =>
  date === null ? undefined : (Math.floor((Date.parse(date) / 86_400_000 + 3) / 7) * 7 - 3) * 86_400;

interface Told {
  id: string;
  trips: number;
  mean_distance_m: number;
  median_distance_m: number;
  median_duration_s: number | null;
}

describe(`the biggest clusters (TRIPGRID_TEST_SEED=${seed})`, () => {
  const service = useService({}, NO_REFRESH);
  let session: Sql;
  beforeAll(async () => {
    session = createClient(service.address, { max: 1, searchPath: service.prepared.searchPath });
    await insert(service.sql, 12_000);
    await refreshRollups(session, engine);
    await countFewToo(service.sql);
    await service.sql`analyze`;
  });
  afterAll(() => session?.end({ timeout: 5 }));

  const PHASES = [
    { when: "once the rollups are up to date", before: async () => {} },
    { when: "with trips of two weeks that they have not taken up", before: () => insert(service.sql, 12_000, 14) },
  ];

  describe.each(PHASES)("$when", ({ before }) => {
    beforeAll(async () => {
      await before();
    });

    it("are those of a GROUP BY", { timeout: 600_000 + cases * 2000 }, async () => {
      const cutShort = { area: 0, everywhere: 0 };
      const property = fc.asyncProperty(anyCase, async (one) => {
        await service.sql`update tripgrid.settings set min_trips = ${one.withheldBelow}`;
        const { trips, weeks, groups } = await grouped(one);
        const withheld = withheldOf(groups, one.withheldBelow, trips);
        const shown = groups.filter((group) => !withheld.has(group.id) && group.trips >= (one.minTrips ?? 1));
        const answer = await ask(one);
        expect(answer.trips).toBe(trips > 0 && trips < one.withheldBelow ? null : trips);
        if (trips > 0) expect(answer.weeks_in_window).toBe(weeks);
        if (answer.clusters_found === null) {
          // Not all were counted, but it is known that there are more.
          cutShort[one.hasNoArea ? "everywhere" : "area"]++;
          expect(shown.length).toBeGreaterThan(one.limit);
        } else expect(answer.clusters_found).toBe(shown.length);
        if (answer.clusters_withheld === null) expect(one.withheldBelow).toBeGreaterThan(1);
        else expect(answer.clusters_withheld).toBe(withheld.size);
        const near = (n: number | null) => (n === null ? null : expect.closeTo(n, 5));
        expect(answer.clusters).toMatchObject(
          shown.slice(0, one.limit).map(({ median_duration_s, durations, ...group }) => ({
            ...{ id: group.id, trips: group.trips, share: near(group.trips / trips) },
            ...{ mean_distance_m: near(group.mean_distance_m), median_distance_m: near(group.median_distance_m) },
            median_duration_s: durations >= one.withheldBelow ? near(median_duration_s) : null,
          })),
        );
        expect(answer.clusters).toHaveLength(Math.min(shown.length, one.limit));
      });
      try {
        const limit = { seed, numRuns: cases, interruptAfterTimeLimit: 500_000 + cases * 2000 };
        await fc.assert(property, { ...limit, examples: [[wholeCity], [{ ...wholeCity, hasNoArea: true }]] });
      } finally {
        await service.sql`update tripgrid.settings set min_trips = 1`;
      }
      // Or this would test no more than clusters.property.test.ts does.
      expect(cutShort.area).toBeGreaterThan(0);
      expect(cutShort.everywhere).toBeGreaterThan(0);
    });
  });

  it("are the same when they are counted in several parts side by side", async () => {
    const { sql } = service;
    const [all] = await sql<{ o: string[]; d: string[]; h: number[]; i: number[] }[]>`
      select array_agg(o) as o, array_agg(d) as d, array_agg(h) as h, array_agg(i) as i
      from (select left(o_cell, 5) as o, left(d_cell, 5) as d, extract(hour from local_time)::int as h, row_number() over ()::int as i
            from tripgrid.trips where d_cell is not null group by 1, 2, 3) g`;
    const { o = [], d = [], h = [], i = [] } = all ?? {};
    const area = sql`'SRID=4326;POLYGON((7.5 45, 7.7 45, 7.6 45.2, 7.5 45))'::geometry`;
    const counted = (parts: number) => sql`
      select i, trips from tripgrid_internal.cluster_counts(
        tripgrid_internal.selection_of(${area}, 'origin', null, null, null, null, null, null), ${o.map((cell, n) => `${cell}${d[n]}${h[n]}`)}, ${parts}) order by i`;
    const measured = (parts: number) => sql`
      select cluster, trips, figures from tripgrid_internal.cluster_figures(
        tripgrid_internal.selection_of(null, 'origin', null, null, null, null, null, null), 5, ${i}, ${o}, ${d}, ${h}, ${parts}) order by cluster`;
    expect(o.length).toBeGreaterThan(100);
    expect(await counted(4)).toEqual(await counted(1));
    expect(await measured(4)).toEqual(await measured(1));
    expect(await measured(4)).toHaveLength(o.length);
  });

  async function ask(one: Case) {
    const [answer] = await service.sql<
      {
        trips: number | null;
        weeks_in_window: number | null;
        clusters_found: number | null;
        clusters_withheld: number | null;
        clusters: Told[];
      }[]
    >`
      select trips, weeks_in_window, clusters_found, clusters_withheld, clusters from tripgrid.cluster_answer(
        st_unaryunion(${areaOf(one)}::geometry), match => ${one.match}, source => ${one.source}, from_date => ${one.from}, to_date => ${one.to},
        hours => ${one.hours}, days => ${one.days}, min_trips => ${one.minTrips}, max_clusters => ${one.limit})`;
    return answer ?? expect.fail("no row");
  }

  /** Each trip tested against the area by itself. */
  async function grouped(one: Case) {
    const rows = await service.sql<(Told & { durations: number; first: number; last: number })[]>`
      select * from (select case when destination is null then '' else
               concat_ws('-', st_geohash(origin, 5), st_geohash(destination, 5), lpad(extract(hour from local_time)::text, 2, '0')) end as id,
             extract(epoch from min(date_trunc('week', local_time)))::float8 as first,
             extract(epoch from max(date_trunc('week', local_time)))::float8 as last,
             count(*) as trips, avg(st_distancesphere(origin, destination)) as mean_distance_m, count(duration_s) as durations,
             percentile_cont(0.5) within group (order by st_distancesphere(origin, destination)) as median_distance_m,
             percentile_cont(0.5) within group (order by duration_s) as median_duration_s
      from tripgrid.trips, (select st_unaryunion(${areaOf(one)}::geometry) as area offset 0) a
      where (area is null or (st_intersects(area, origin) and (${one.match} = 'origin' or (st_intersects(area, destination)) is true)))
        and (${one.source}::text is null or source = ${one.source})
        and (${one.from}::date is null or local_time >= date_trunc('week', ${one.from}::date::timestamp))
        and (${one.to}::date is null or local_time < date_trunc('week', ${one.to}::date::timestamp) + interval '7 days')
        and (${one.hours}::int[] is null or extract(hour from local_time)::int = any (${one.hours}))
        and (${one.days}::int[] is null or extract(isodow from local_time)::int = any (${one.days}))
      group by 1) g order by trips desc, id collate "C"`;
    return {
      trips: rows.reduce((sum, { trips }) => sum + trips, 0),
      weeks:
        1 +
        (monday(one.to) ?? Math.max(...rows.map(({ last }) => last))) / WEEK_S -
        (monday(one.from) ?? Math.min(...rows.map(({ first }) => first))) / WEEK_S,
      groups: rows.flatMap(({ first: _, last: __, ...group }) => (group.id === "" ? [] : [group])),
    };
  }
});
