import type { Sql, Transaction } from "../../src/database/client.ts";
import { dateOf, HOUR_SLOTS, hoursOf } from "./area-days.ts";
import { makeSlots, PLACES, SLOTS } from "./area-places.ts";

/** Each region has two of them: a large one, and a small one that is large in the next region. */
const SOURCES = ["velvet", "kumquat", "otter", "lamp"];
const REGIONS = PLACES.map(([region]) => region);

/**
 * Makes the sources and regions of the trips known, as the service does with their first trips, and stores where trips
 * begin and end.
 */
export async function prepareInserts(sql: Sql): Promise<void> {
  const slots = makeSlots().map((slot, i) => ({ slot: i, ...slot }));
  await sql`drop table if exists tripgrid_bench.slots`;
  await sql`
    create table tripgrid_bench.slots as
    select *, min(slot) over (partition by region) as first, count(*) over (partition by region) as count
    from json_to_recordset(${JSON.stringify(slots)}::text::json)
      slots (slot int, region int, x float8, y float8, dx float8, dy float8, sx float8, sy float8)`;
  await sql`insert into tripgrid.sources (name) select unnest(${SOURCES}::text[]) on conflict do nothing`;
  await sql`
    insert into tripgrid.regions as r (name, has_trips) select unnest(${REGIONS}::text[]), true
    on conflict (name) do update set has_trips = true where not r.has_trips`;
}

/**
 * Inserts the trips of some numbers on a day. The database makes them by itself, each from hashes of its number, so that
 * they are the same on every engine and nothing has to pass through here. 78 of 100 have a destination, in the same region.
 *
 * Of a hash, 16 bits are a uniform number, and the sum of four of these is a nearly normal one (see `Random.normal`).
 * Slots become one row of arrays, in which a number is found by its index. Nothing else is joined, or a plan may copy that row
 * for each trip. OFFSET 0 keeps the subqueries apart: each hash is computed once, not once for each of its uses.
 *
 * @param only inserts the trips of these regions alone, as they are among all trips
 */
export async function insertTripsOfDay(
  sql: Sql | Transaction,
  day: number,
  first: number,
  end: number,
  only?: readonly string[],
): Promise<void> {
  const normal = (hash: string) => {
    const parts = [0, 16, 32, 48].map((shift) => `((${hash} >> ${shift}) & 65535)`);
    return sql.unsafe(`((${parts.join(" + ")} - 131070) / 37837.23::float8)`);
  };
  const drawn = (only ?? REGIONS).map((region) => REGIONS.indexOf(region));
  const isDrawn =
    only === undefined
      ? sql``
      : sql`where (h0 & ${SLOTS - 1}::bigint) in (select slot from tripgrid_bench.slots where region = any (${drawn}::int[]))`;
  const point = (x: string, y: string) =>
    sql.unsafe(`st_point(round(${x} * 1e6) / 1e6, round(${y} * 1e6) / 1e6, 4326)`);
  await sql`
    insert into tripgrid.trips (local_time, started_at, origin, destination, source, trip_id, region)
    select local_time, local_time at time zone (select time_zone from tripgrid.settings),
           ${point("ox", "oy")}, case when has_destination then ${point("tx", "ty")} end,
           (${SOURCES}::text[])[source], i::text, (${REGIONS}::text[])[region]
    from (
      select i, has_destination, region[o] + 1 as region, 1 + (region[o] + small_source) % 4 as source,
             ${dateOf(day)}::timestamp + second * interval '1 second' as local_time,
             x[o] + ou * dx[o] + onx * sx[o] as ox, y[o] + ou * dy[o] + ony * sy[o] as oy,
             x[t] + tu * dx[t] + tnx * sx[t] as tx, y[t] + tu * dy[t] + tny * sy[t] as ty
      from (
        select *, 1 + first[o] + (t_bits % count[o])::int as t
        from (
          select i,
                 1 + (h0 & ${SLOTS - 1}::bigint)::int as o, ((h0 >> 13) & 65535) / 65536.0::float8 as ou,
                 ((h0 >> 29) & 65535) / 65536.0::float8 as tu, (h0 >> 45) & 65535 as t_bits,
                 (${hoursOf(day)}::int[])[1 + (h1 & ${HOUR_SLOTS - 1}::bigint)::int] * 3600
                   + ((h1 >> 10) & 65535)::int % 3600 as second,
                 case when ((h1 >> 26) & 15) < 3 then 1 else 0 end as small_source,
                 ((h1 >> 30) & 1023) < 799 as has_destination,
                 ${normal("h2")} as onx, ${normal("h3")} as ony, ${normal("h4")} as tnx, ${normal("h5")} as tny
          from (
            select i, h0, hashint8extended(i, 2) as h1, hashint8extended(i, 3) as h2,
                   hashint8extended(i, 4) as h3, hashint8extended(i, 5) as h4, hashint8extended(i, 6) as h5
            from (select i, hashint8extended(i, 1) as h0
                  from generate_series(${first}::bigint, ${end - 1}::bigint) i offset 0) numbered
            ${isDrawn} offset 0) hashed
          offset 0) drawn
        cross join (
          select array_agg(region) as region, array_agg(first) as first, array_agg(count) as count, array_agg(x) as x,
                 array_agg(y) as y, array_agg(dx) as dx, array_agg(dy) as dy, array_agg(sx) as sx, array_agg(sy) as sy
          from (select * from tripgrid_bench.slots order by slot) slots) slots
        offset 0) chosen
      offset 0) made`;
}
