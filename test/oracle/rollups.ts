import type { Sql } from "../../src/database/client.ts";

const ENDS = [
  { rollup: "weekly_origins", point: "origin" },
  { rollup: "weekly_destinations", point: "destination" },
];
const SIZES = [7, 6, 5, 4];

/** How many rows a rollup has, and some that differ from what they should be. */
export interface RollupCheck {
  what: string;
  rows: number;
  surplus: unknown[];
  missing: unknown[];
}

/** Each rollup beside a plain count of the trips, in the weeks that the ledger does not name. */
export function checkRollups(sql: Sql): Promise<RollupCheck[]> {
  const weekly = ENDS.flatMap(({ rollup, point }) =>
    SIZES.map((size) => ({
      name: `${rollup}_${size}`,
      counted: `
        select st_geohash(${point}, ${size}) as cell, date_trunc('week', local_time) as at, source, region, count(*) as trips
        from tripgrid.trips where ${point} is not null group by 1, 2, 3, 4`,
      kept: `select cell, week as at, source, region, trips from tripgrid_internal.${rollup}_${size}`,
    })),
  );
  const hourly = {
    name: "hourly_regions",
    counted: `
      select date_trunc('hour', local_time) as at, source, region, count(*) as trips
      from tripgrid.trips group by 1, 2, 3`,
    kept: "select hour as at, source, region, trips from tripgrid_internal.hourly_regions",
  };
  // Sums of floats differ in their last digits by the order of the trips.
  const clusters = {
    name: "weekly_clusters",
    counted: `
      select st_geohash(origin, 5) as o_cell, st_geohash(destination, 5) as d_cell, date_part('hour', local_time)::int as hour,
             date_trunc('week', local_time) as at, source, region, count(*) as trips, count(duration_s) as durations,
             round(sum(duration_s)::numeric, 3) as duration_s, round(sum(st_distancesphere(origin, destination))::numeric, 1) as distance_m
      from tripgrid.trips where destination is not null group by 1, 2, 3, 4, 5, 6`,
    kept: `
      select o_cell, d_cell, hour::int, week as at, source, region, trips, durations,
             round(duration_s::numeric, 3), round(distance_m::numeric, 1) from tripgrid_internal.weekly_clusters`,
  };
  const drivers = {
    name: "weekly_drivers",
    counted: `
      select driver_id, date_trunc('week', local_time) as at, source, region, count(*) as trips, count(duration_s) as durations,
             round(sum(duration_s)::numeric, 3) as duration_s, count(destination) as distances,
             round(sum(st_distancesphere(origin, destination))::numeric, 1) as distance_m
      from tripgrid.trips where driver_id is not null group by 1, 2, 3, 4`,
    kept: `
      select driver_id, week as at, source, region, trips, durations, round(duration_s::numeric, 3), distances,
             round(distance_m::numeric, 1) from tripgrid_internal.weekly_drivers`,
  };
  return compare(
    sql,
    [...weekly, hourly, clusters, drivers].map(({ name, counted, kept }) => ({
      what: name,
      a: upToDate(kept),
      b: upToDate(counted),
    })),
  );
}

/** Each level beside the sum of the next finer one, in all weeks. */
export function checkParents(sql: Sql): Promise<RollupCheck[]> {
  const pairs = ENDS.flatMap(({ rollup }) =>
    SIZES.slice(1).map((size) => ({
      what: `${rollup}_${size} and its children`,
      a: `select cell, week, source, region, trips from tripgrid_internal.${rollup}_${size}`,
      b: `select left(cell, ${size}), week, source, region, sum(trips)::bigint from tripgrid_internal.${rollup}_${size + 1}
          group by 1, 2, 3, 4`,
    })),
  );
  return compare(sql, pairs);
}

/** The Mondays that the ledger names. */
export async function pendingWeeks(sql: Sql): Promise<string[]> {
  const rows = await sql<
    { week: string }[]
  >`select distinct week::date as week from tripgrid_internal.pending_weeks order by 1`;
  return rows.map(({ week }) => week);
}

const upToDate = (rows: string): string =>
  `select * from (${rows}) r where date_trunc('week', r.at)::date not in (select week::date from tripgrid_internal.pending_weeks)`;

/** One statement, so that both sides of each pair are seen at the same moment. */
async function compare(sql: Sql, pairs: { what: string; a: string; b: string }[]): Promise<RollupCheck[]> {
  const some = (rows: string, others: string) =>
    `(select coalesce(jsonb_agg(d), '[]') from ((${rows}) except all (${others}) limit 12) d)`;
  const parts = pairs.map(
    ({ what, a, b }) => `
      select '${what}' as what, (select count(*) from (${a}) a)::int as rows,
             ${some(a, b)} as surplus, ${some(b, a)} as missing`,
  );
  const rows = await sql.unsafe<RollupCheck[]>(parts.join(" union all "));
  return [...rows];
}
