-- {}
with grouped as (select coalesce(sum(n), 0)::bigint as trips
  from (select r.trips as n
    from "tripgrid_internal"."hourly_regions" r
    where true and ((select not exists (select p.week
          from tripgrid_internal.pending_weeks p, tripgrid.settings s
          where p.week >= s.retired_before)) or date_trunc('week', r.hour)::date not in (select p.week
        from tripgrid_internal.pending_weeks p, tripgrid.settings s
        where p.week >= s.retired_before))
    union all select x.*
    from (select distinct b.week
      from (select p.week
        from tripgrid_internal.pending_weeks p, tripgrid.settings s
        where p.week >= s.retired_before) b) behind
    cross join lateral (select 1::bigint as n
      from tripgrid.trips t
      where t.local_time >= behind.week::timestamp and t.local_time < behind.week::timestamp + interval '7 days' and true offset 0) x) counted), judged as (select trips, false as is_suppressed
  from grouped
  where (select s.min_trips
    from tripgrid.settings s) = 1
  union all select trips, is_small or (small between 1 and min_trips - 1 and size_rank = small_groups + 1)
  from (select grouped.*, s.min_trips, trips > 0 and trips < s.min_trips as is_small, coalesce(sum(trips) filter (where trips > 0 and trips < s.min_trips) over (), 0) as small, count(*) filter (where trips > 0 and trips < s.min_trips) over () as small_groups, row_number() over (order by trips = 0, trips) as size_rank
    from grouped, tripgrid.settings s
    where s.min_trips > 1) sized), page as (select "trips" as "c0", 0 as width, row_number() over (order by trips) as place
  from judged
  where not is_suppressed and true
  order by place
  limit $1::bigint), about as (select 1::bigint as first, now() as data_as_of, s.min_trips, p.*, case when s.min_trips > 1 then (select count(*)
    from judged
    where is_suppressed) else 0 end as withheld, null as retired_before
  from tripgrid.settings s, (select count(*) as found, coalesce(sum(width), 0)::bigint as bytes, coalesce(max(width), 0) as widest
    from page) p) select page.*, about.*
from about
full join page on page.place = about.first
where coalesce(page.place, 1) = 1 or (select bytes
  from about) <= $2::bigint
order by page.place;
-- $1 = 1001
-- $2 = 4194304

-- {"by":["region","week"],"where":{"from":"2018-05-21","to":"2018-05-27"},"order":["-trips"],"limit":10}
with grouped as (select "k0", "k1", coalesce(sum(n), 0)::bigint as trips
  from (select r.region as "k0", date_trunc('week', r.hour) as "k1", r.trips as n
    from "tripgrid_internal"."hourly_regions" r
    where (r.hour >= $1::timestamp and r.hour < $2::timestamp) and ((select not exists (select p.week
          from tripgrid_internal.pending_weeks p, tripgrid.settings s
          where p.week >= s.retired_before)) or date_trunc('week', r.hour)::date not in (select p.week
        from tripgrid_internal.pending_weeks p, tripgrid.settings s
        where p.week >= s.retired_before))
    union all select x.*
    from (select distinct b.week
      from (select p.week
        from tripgrid_internal.pending_weeks p, tripgrid.settings s
        where p.week >= s.retired_before) b) behind
    cross join lateral (select t.region as "k0", date_trunc('week', t.local_time) as "k1", 1::bigint as n
      from tripgrid.trips t
      where t.local_time >= behind.week::timestamp and t.local_time < behind.week::timestamp + interval '7 days' and (t.local_time >= $3::timestamp and t.local_time < $4::timestamp) offset 0) x) counted
  group by "k0", "k1"
  having coalesce(sum(n), 0)::bigint > 0), judged as (select "k0", "k1", trips, false as is_suppressed
  from grouped
  where (select s.min_trips
    from tripgrid.settings s) = 1
  union all select "k0", "k1", trips, is_small or (small between 1 and min_trips - 1 and size_rank = small_groups + 1)
  from (select grouped.*, s.min_trips, trips > 0 and trips < s.min_trips as is_small, coalesce(sum(trips) filter (where trips > 0 and trips < s.min_trips) over (), 0) as small, count(*) filter (where trips > 0 and trips < s.min_trips) over () as small_groups, row_number() over (order by trips = 0, trips, "k0", "k1") as size_rank
    from grouped, tripgrid.settings s
    where s.min_trips > 1) sized), page as (select "k0" as "c0", to_char("k1", 'IYYY"-W"IW') as "c1", "trips" as "c2", (coalesce(octet_length("k0"), 0)) as width, row_number() over (order by "trips" desc nulls last, "k0" nulls last, "k1" nulls last, trips) as place
  from judged
  where not is_suppressed and true
  order by place
  limit $5::bigint), about as (select 1::bigint as first, now() as data_as_of, s.min_trips, p.*, case when s.min_trips > 1 then (select count(*)
    from judged
    where is_suppressed) else 0 end as withheld, null as retired_before
  from tripgrid.settings s, (select count(*) as found, coalesce(sum(width), 0)::bigint as bytes, coalesce(max(width), 0) as widest
    from page) p) select page.*, about.*
from about
full join page on page.place = about.first
where coalesce(page.place, 1) = 1 or (select bytes
  from about) <= $6::bigint
order by page.place;
-- $1 = "2018-05-21"
-- $2 = "2018-05-28"
-- $3 = "2018-05-21"
-- $4 = "2018-05-28"
-- $5 = 11
-- $6 = 4194304

-- {"by":[{"origin_cell":5}],"where":{"source":"baba_car"},"having":{"trips":{">=":5}}}
with grouped as (select "k0", coalesce(sum(n), 0)::bigint as trips
  from (select left(r.cell, $1::int) as "k0", r.trips as n
    from "tripgrid_internal"."weekly_origins_5" r
    where (r.source = $2::text) and ((select not exists (select p.week
          from tripgrid_internal.pending_weeks p, tripgrid.settings s
          where p.week >= s.retired_before)) or date_trunc('week', r.week)::date not in (select p.week
        from tripgrid_internal.pending_weeks p, tripgrid.settings s
        where p.week >= s.retired_before))
    union all select x.*
    from (select distinct b.week
      from (select p.week
        from tripgrid_internal.pending_weeks p, tripgrid.settings s
        where p.week >= s.retired_before) b) behind
    cross join lateral (select left(t.o_cell, $3::int) as "k0", 1::bigint as n
      from tripgrid.trips t
      where t.local_time >= behind.week::timestamp and t.local_time < behind.week::timestamp + interval '7 days' and (t.source = $4::text) offset 0) x) counted
  group by "k0"
  having coalesce(sum(n), 0)::bigint > 0), judged as (select "k0", trips, false as is_suppressed
  from grouped
  where (select s.min_trips
    from tripgrid.settings s) = 1
  union all select "k0", trips, is_small or (small between 1 and min_trips - 1 and size_rank = small_groups + 1)
  from (select grouped.*, s.min_trips, trips > 0 and trips < s.min_trips as is_small, coalesce(sum(trips) filter (where trips > 0 and trips < s.min_trips) over (), 0) as small, count(*) filter (where trips > 0 and trips < s.min_trips) over () as small_groups, row_number() over (order by trips = 0, trips, "k0") as size_rank
    from grouped, tripgrid.settings s
    where s.min_trips > 1) sized), page as (select "k0" as "c0", "trips" as "c1", 0 as width, row_number() over (order by "k0" nulls last, trips) as place
  from judged
  where not is_suppressed and ("trips" >= $5::float8)
  order by place
  limit $6::bigint), about as (select 1::bigint as first, now() as data_as_of, s.min_trips, p.*, case when s.min_trips > 1 then (select count(*)
    from judged
    where is_suppressed) else 0 end as withheld, null as retired_before
  from tripgrid.settings s, (select count(*) as found, coalesce(sum(width), 0)::bigint as bytes, coalesce(max(width), 0) as widest
    from page) p) select page.*, about.*
from about
full join page on page.place = about.first
where coalesce(page.place, 1) = 1 or (select bytes
  from about) <= $7::bigint
order by page.place;
-- $1 = 5
-- $2 = "baba_car"
-- $3 = 5
-- $4 = "baba_car"
-- $5 = 5
-- $6 = 1001
-- $7 = 4194304

-- {"by":[{"destination_cell":6},"region"]}
with grouped as (select "k0", "k1", coalesce(sum(n), 0)::bigint as trips
  from (select left(r.cell, $1::int) as "k0", r.region as "k1", r.trips as n
    from "tripgrid_internal"."weekly_destinations_6" r
    where true and ((select not exists (select p.week
          from tripgrid_internal.pending_weeks p, tripgrid.settings s
          where p.week >= s.retired_before)) or date_trunc('week', r.week)::date not in (select p.week
        from tripgrid_internal.pending_weeks p, tripgrid.settings s
        where p.week >= s.retired_before))
    union all select left(null::text collate "C", $2::int) as "k0", r.region as "k1", r.trips as n
    from "tripgrid_internal"."hourly_regions" r
    where true and ((select not exists (select p.week
          from tripgrid_internal.pending_weeks p, tripgrid.settings s
          where p.week >= s.retired_before)) or date_trunc('week', r.hour)::date not in (select p.week
        from tripgrid_internal.pending_weeks p, tripgrid.settings s
        where p.week >= s.retired_before))
    union all select left(null::text collate "C", $3::int) as "k0", r.region as "k1", -r.trips as n
    from "tripgrid_internal"."weekly_destinations_6" r
    where true and ((select not exists (select p.week
          from tripgrid_internal.pending_weeks p, tripgrid.settings s
          where p.week >= s.retired_before)) or date_trunc('week', r.week)::date not in (select p.week
        from tripgrid_internal.pending_weeks p, tripgrid.settings s
        where p.week >= s.retired_before))
    union all select x.*
    from (select distinct b.week
      from (select p.week
        from tripgrid_internal.pending_weeks p, tripgrid.settings s
        where p.week >= s.retired_before) b) behind
    cross join lateral (select left(t.d_cell, $4::int) as "k0", t.region as "k1", 1::bigint as n
      from tripgrid.trips t
      where t.local_time >= behind.week::timestamp and t.local_time < behind.week::timestamp + interval '7 days' and true offset 0) x) counted
  group by "k0", "k1"
  having coalesce(sum(n), 0)::bigint > 0), judged as (select "k0", "k1", trips, false as is_suppressed
  from grouped
  where (select s.min_trips
    from tripgrid.settings s) = 1
  union all select "k0", "k1", trips, is_small or (small between 1 and min_trips - 1 and size_rank = small_groups + 1)
  from (select grouped.*, s.min_trips, trips > 0 and trips < s.min_trips as is_small, coalesce(sum(trips) filter (where trips > 0 and trips < s.min_trips) over (), 0) as small, count(*) filter (where trips > 0 and trips < s.min_trips) over () as small_groups, row_number() over (order by trips = 0, trips, "k0", "k1") as size_rank
    from grouped, tripgrid.settings s
    where s.min_trips > 1) sized), page as (select "k0" as "c0", "k1" as "c1", "trips" as "c2", (coalesce(octet_length("k1"), 0)) as width, row_number() over (order by "k0" nulls last, "k1" nulls last, trips) as place
  from judged
  where not is_suppressed and true
  order by place
  limit $5::bigint), about as (select 1::bigint as first, now() as data_as_of, s.min_trips, p.*, case when s.min_trips > 1 then (select count(*)
    from judged
    where is_suppressed) else 0 end as withheld, null as retired_before
  from tripgrid.settings s, (select count(*) as found, coalesce(sum(width), 0)::bigint as bytes, coalesce(max(width), 0) as widest
    from page) p) select page.*, about.*
from about
full join page on page.place = about.first
where coalesce(page.place, 1) = 1 or (select bytes
  from about) <= $6::bigint
order by page.place;
-- $1 = 6
-- $2 = 6
-- $3 = 6
-- $4 = 6
-- $5 = 1001
-- $6 = 4194304

-- {"by":["hour","attributes.vehicle_model_id"],"select":["trips",{"avg":"duration_s"},{"percentile":"great_circle_m","p":0.5}],"where":{"within":{"area":{"type":"Polygon","coordinates":[[[7.6,45],[7.7,45],[7.7,45.1],[7.6,45]]]},"match":"either"},"weekday":{"in":[1,2,3,4,5]}}}
with asked as materialized (select tripgrid.area_from_geojson(variadic $1::text[]) as area), cover as materialized (select c.cell, c."inner"
  from asked a, tripgrid.area_cover(a.area, 2048) c), grouped as (select "k0", "k1", case when count("f0") >= (select s.min_trips
    from tripgrid.settings s) and count(*) - count("f0") not between 1 and (select s.min_trips
    from tripgrid.settings s) - 1 then "avg"("f0") end as "m1", case when count("f1") >= (select s.min_trips
    from tripgrid.settings s) and count(*) - count("f1") not between 1 and (select s.min_trips
    from tripgrid.settings s) - 1 then percentile_cont($2::float8) within group (order by "f1") end as "m2", count(*) as trips
  from (select x.*
    from cover c
    cross join lateral (select date_part('hour', t.local_time)::int as "k0", (t.attributes ->> $3::text) collate "C" as "k1", case when t.duration_s < 1e100 then t.duration_s end as "f0", st_distancesphere(t.origin, t.destination) as "f1", 1 as n
      from tripgrid.trips t
      where "t"."o_cell" >= c.cell collate "C" and "t"."o_cell" < c.cell || '{' collate "C" and t.local_time >= (select greatest(s.retired_before, s.columnar_before)
        from tripgrid.settings s) and (c."inner" or st_intersects((select a.area
            from asked a), "t"."origin")) and ((date_part('isodow', t.local_time)::int = any ($4::float8[]))) offset 0) x
    union all select date_part('hour', t.local_time)::int as "k0", (t.attributes ->> $5::text) collate "C" as "k1", case when t.duration_s < 1e100 then t.duration_s end as "f0", st_distancesphere(t.origin, t.destination) as "f1", 1 as n
    from tripgrid.trips t
    where t.local_time >= (select s.retired_before
      from tripgrid.settings s) and t.local_time < (select s.columnar_before
      from tripgrid.settings s) and "t"."o_cell" >= (select min(c.cell)
      from cover c) collate "C" and "t"."o_cell" < (select max(c.cell) || '{'
      from cover c) collate "C" and coalesce(st_intersects((select a.area
          from asked a), "t"."origin"), false) and ((date_part('isodow', t.local_time)::int = any ($6::float8[])))
    union all select x.*
    from cover c
    cross join lateral (select date_part('hour', t.local_time)::int as "k0", (t.attributes ->> $7::text) collate "C" as "k1", case when t.duration_s < 1e100 then t.duration_s end as "f0", st_distancesphere(t.origin, t.destination) as "f1", 1 as n
      from tripgrid.trips t
      where "t"."d_cell" >= c.cell collate "C" and "t"."d_cell" < c.cell || '{' collate "C" and t.local_time >= (select greatest(s.retired_before, s.columnar_before)
        from tripgrid.settings s) and (c."inner" or st_intersects((select a.area
            from asked a), "t"."destination")) and (not coalesce(st_intersects((select a.area
              from asked a), "t"."origin"), false) and (date_part('isodow', t.local_time)::int = any ($8::float8[]))) offset 0) x
    union all select date_part('hour', t.local_time)::int as "k0", (t.attributes ->> $9::text) collate "C" as "k1", case when t.duration_s < 1e100 then t.duration_s end as "f0", st_distancesphere(t.origin, t.destination) as "f1", 1 as n
    from tripgrid.trips t
    where t.local_time >= (select s.retired_before
      from tripgrid.settings s) and t.local_time < (select s.columnar_before
      from tripgrid.settings s) and "t"."d_cell" >= (select min(c.cell)
      from cover c) collate "C" and "t"."d_cell" < (select max(c.cell) || '{'
      from cover c) collate "C" and coalesce(st_intersects((select a.area
          from asked a), "t"."destination"), false) and (not coalesce(st_intersects((select a.area
            from asked a), "t"."origin"), false) and (date_part('isodow', t.local_time)::int = any ($10::float8[])))) counted
  group by "k0", "k1"
  having count(*) > 0), judged as (select "k0", "k1", "m1", "m2", trips, false as is_suppressed
  from grouped
  where (select s.min_trips
    from tripgrid.settings s) = 1
  union all select "k0", "k1", "m1", "m2", trips, is_small or (small between 1 and min_trips - 1 and size_rank = small_groups + 1)
  from (select grouped.*, s.min_trips, trips > 0 and trips < s.min_trips as is_small, coalesce(sum(trips) filter (where trips > 0 and trips < s.min_trips) over (), 0) as small, count(*) filter (where trips > 0 and trips < s.min_trips) over () as small_groups, row_number() over (order by trips = 0, trips, "k0", "k1") as size_rank
    from grouped, tripgrid.settings s
    where s.min_trips > 1) sized), page as (select "k0" as "c0", "k1" as "c1", "trips" as "c2", "m1" as "c3", "m2" as "c4", (coalesce(octet_length("k1"), 0)) as width, row_number() over (order by "k0" nulls last, "k1" nulls last, trips) as place
  from judged
  where not is_suppressed and true
  order by place
  limit $11::bigint), about as (select 1::bigint as first, now() as data_as_of, s.min_trips, p.*, case when s.min_trips > 1 then (select count(*)
    from judged
    where is_suppressed) else 0 end as withheld, case when isfinite(s.retired_before) and true then s.retired_before end as retired_before
  from tripgrid.settings s, (select count(*) as found, coalesce(sum(width), 0)::bigint as bytes, coalesce(max(width), 0) as widest
    from page) p) select page.*, about.*
from about
full join page on page.place = about.first
where coalesce(page.place, 1) = 1 or (select bytes
  from about) <= $12::bigint
order by page.place;
-- $1 = ["{\"type\":\"Polygon\",\"coordinates\":[[[7.6,45],[7.7,45],[7.7,45.1],[7.6,45]]]}"]
-- $2 = 0.5
-- $3 = "vehicle_model_id"
-- $4 = [1,2,3,4,5]
-- $5 = "vehicle_model_id"
-- $6 = [1,2,3,4,5]
-- $7 = "vehicle_model_id"
-- $8 = [1,2,3,4,5]
-- $9 = "vehicle_model_id"
-- $10 = [1,2,3,4,5]
-- $11 = 1001
-- $12 = 4194304

-- {"by":["driver"],"where":{"and":[{"within":{"boundary":"Turin"}},{"not":{"region":"Rome"}}]}}
select tripgrid.region_boundary($1::text) is null;
-- $1 = "Turin"

with asked as materialized (select tripgrid.region_boundary($1::text) as area), cover as materialized (select c.cell, c."inner"
  from asked a, tripgrid.area_cover(a.area, 2048) c), grouped as (select "k0", count(*) as trips
  from (select x.*
    from cover c
    cross join lateral (select t.driver_id as "k0", 1 as n
      from tripgrid.trips t
      where "t"."o_cell" >= c.cell collate "C" and "t"."o_cell" < c.cell || '{' collate "C" and t.local_time >= (select greatest(s.retired_before, s.columnar_before)
        from tripgrid.settings s) and (c."inner" or st_intersects((select a.area
            from asked a), "t"."origin")) and ((not coalesce((t.region = $2::text), false))) offset 0) x
    union all select t.driver_id as "k0", 1 as n
    from tripgrid.trips t
    where t.local_time >= (select s.retired_before
      from tripgrid.settings s) and t.local_time < (select s.columnar_before
      from tripgrid.settings s) and "t"."o_cell" >= (select min(c.cell)
      from cover c) collate "C" and "t"."o_cell" < (select max(c.cell) || '{'
      from cover c) collate "C" and coalesce(st_intersects((select a.area
          from asked a), "t"."origin"), false) and ((not coalesce((t.region = $3::text), false)))) counted
  group by "k0"
  having count(*) > 0), judged as (select "k0", trips, false as is_suppressed
  from grouped
  where (select s.min_trips
    from tripgrid.settings s) = 1
  union all select "k0", trips, is_small or (small between 1 and min_trips - 1 and size_rank = small_groups + 1)
  from (select grouped.*, s.min_trips, trips > 0 and trips < s.min_trips as is_small, coalesce(sum(trips) filter (where trips > 0 and trips < s.min_trips) over (), 0) as small, count(*) filter (where trips > 0 and trips < s.min_trips) over () as small_groups, row_number() over (order by trips = 0, trips, "k0") as size_rank
    from grouped, tripgrid.settings s
    where s.min_trips > 1) sized), page as (select "k0" as "c0", "trips" as "c1", (coalesce(octet_length("k0"), 0)) as width, row_number() over (order by "k0" nulls last, trips) as place
  from judged
  where not is_suppressed and true
  order by place
  limit $4::bigint), about as (select 1::bigint as first, now() as data_as_of, s.min_trips, p.*, case when s.min_trips > 1 then (select count(*)
    from judged
    where is_suppressed) else 0 end as withheld, case when isfinite(s.retired_before) and true then s.retired_before end as retired_before
  from tripgrid.settings s, (select count(*) as found, coalesce(sum(width), 0)::bigint as bytes, coalesce(max(width), 0) as widest
    from page) p) select page.*, about.*
from about
full join page on page.place = about.first
where coalesce(page.place, 1) = 1 or (select bytes
  from about) <= $5::bigint
order by page.place;
-- $1 = "Turin"
-- $2 = "Rome"
-- $3 = "Rome"
-- $4 = 1001
-- $5 = 4194304
