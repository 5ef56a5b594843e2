-- listTrips: the first page of all trips
select "trip_id", "source", "region", "local_time", "started_at", "ended_at", "booked_at", "duration_s", "distance_m", "o_cell" as "origin_cell", "d_cell" as "destination_cell", "driver_id", "rider_id", "vehicle_model", "attributes", st_x(origin) as "o_lon", st_y(origin) as "o_lat", st_x(destination) as "d_lon", st_y(destination) as "d_lat", "found"
from (select *, count(*) over () as "found", coalesce(sum(octet_length(attributes::text)) over (order by local_time desc, source desc, trip_id desc rows between unbounded preceding and 1 preceding), 0) as "bytes_before"
  from (select *
    from "tripgrid"."trips"
    where 1 = 1
    order by "local_time" desc, "source" desc, "trip_id" desc
    limit $1) as "first") as "trips"
where "bytes_before" < $2
order by "local_time" desc, "source" desc, "trip_id" desc;
-- $1 = 101
-- $2 = 4194304

-- listTrips: a later page of a source, within a polygon
select "trip_id", "source", "region", "local_time", "started_at", "ended_at", "booked_at", "duration_s", "distance_m", "o_cell" as "origin_cell", "d_cell" as "destination_cell", "driver_id", "rider_id", "vehicle_model", "attributes", st_x(origin) as "o_lon", st_y(origin) as "o_lat", st_x(destination) as "d_lon", st_y(destination) as "d_lat", "found"
from (select *, count(*) over () as "found", coalesce(sum(octet_length(attributes::text)) over (order by local_time desc, source desc, trip_id desc rows between unbounded preceding and 1 preceding), 0) as "bytes_before"
  from (select *
    from "tripgrid"."trips"
    where ("source" = $1 and "local_time" >= $2 and "local_time" < $3::date + 1 and (coalesce(st_intersects((select tripgrid.area_from_geojson(variadic $4::text[])), "origin"), false) and coalesce(st_intersects((select tripgrid.area_from_geojson(variadic $5::text[])), "destination"), false))) and (local_time, source, trip_id) < ($6::timestamp, $7, $8)
    order by "local_time" desc, "source" desc, "trip_id" desc
    limit $9) as "first") as "trips"
where "bytes_before" < $10
order by "local_time" desc, "source" desc, "trip_id" desc;
-- $1 = "baba_car"
-- $2 = "2018-05-21"
-- $3 = "2018-05-27"
-- $4 = ["{\"type\":\"Polygon\",\"coordinates\":[[[7.6,45],[7.7,45],[7.7,45.1],[7.6,45]]]}"]
-- $5 = ["{\"type\":\"Polygon\",\"coordinates\":[[[7.6,45],[7.7,45],[7.7,45.1],[7.6,45]]]}"]
-- $6 = "2018-05-21T02:54:04"
-- $7 = "baba_car"
-- $8 = "a1"
-- $9 = 101
-- $10 = 4194304

-- listTrips: the trips of a hot spot
select "trip_id", "source", "region", "local_time", "started_at", "ended_at", "booked_at", "duration_s", "distance_m", "o_cell" as "origin_cell", "d_cell" as "destination_cell", "driver_id", "rider_id", "vehicle_model", "attributes", st_x(origin) as "o_lon", st_y(origin) as "o_lat", st_x(destination) as "d_lon", st_y(destination) as "d_lat", "found"
from (select *, count(*) over () as "found", coalesce(sum(octet_length(attributes::text)) over (order by local_time desc, source desc, trip_id desc rows between unbounded preceding and 1 preceding), 0) as "bytes_before"
  from (select *
    from "tripgrid"."trips"
    where (("o_cell" >= $1 and "o_cell" < $2) and (("d_cell" >= $3 and "d_cell" < $4) or ("d_cell" >= $5 and "d_cell" < $6)) and extract(hour from local_time)::int = $7 and extract(isodow from local_time)::int in ($8, $9))
    order by "local_time" desc, "source" desc, "trip_id" desc
    limit $10) as "first") as "trips"
where "bytes_before" < $11
order by "local_time" desc, "source" desc, "trip_id" desc;
-- $1 = "u0j2q"
-- $2 = "u0j2q{"
-- $3 = "u0j2r"
-- $4 = "u0j2r{"
-- $5 = "u0j2x"
-- $6 = "u0j2x{"
-- $7 = 8
-- $8 = 1
-- $9 = 2
-- $10 = 101
-- $11 = 4194304

-- findTrips: by id
select "trip_id", "source", "region", "local_time", "started_at", "ended_at", "booked_at", "duration_s", "distance_m", "o_cell" as "origin_cell", "d_cell" as "destination_cell", "driver_id", "rider_id", "vehicle_model", "attributes", st_x(origin) as "o_lon", st_y(origin) as "o_lat", st_x(destination) as "d_lon", st_y(destination) as "d_lat"
from "tripgrid"."trips"
where "source" = $1 and "trip_id" = $2
order by "local_time"
limit $3;
-- $1 = "baba_car"
-- $2 = "a1"
-- $3 = 2

-- findTrips: by id and time
select "trip_id", "source", "region", "local_time", "started_at", "ended_at", "booked_at", "duration_s", "distance_m", "o_cell" as "origin_cell", "d_cell" as "destination_cell", "driver_id", "rider_id", "vehicle_model", "attributes", st_x(origin) as "o_lon", st_y(origin) as "o_lat", st_x(destination) as "d_lon", st_y(destination) as "d_lat"
from "tripgrid"."trips"
where "source" = $1 and "trip_id" = $2 and "local_time" = $3
order by "local_time"
limit $4;
-- $1 = "baba_car"
-- $2 = "a1"
-- $3 = "2018-05-21T02:54:04"
-- $4 = 2

-- findLocalTimes
select "local_time"
from "tripgrid"."trips"
where "source" = $1 and "trip_id" = $2
order by "local_time"
limit $3;
-- $1 = "baba_car"
-- $2 = "a1"
-- $3 = 1000

-- countTrips: by region and an attribute, at either end in a boundary
select tripgrid.region_boundary($1::text) is null;
-- $1 = "Turin"

with "keyed" as (select region as "key0", attributes ->> $1 as "key1"
  from "tripgrid"."trips"
  where (coalesce(st_intersects((select tripgrid.region_boundary($2::text)), "origin"), false) or coalesce(st_intersects((select tripgrid.region_boundary($3::text)), "destination"), false))), "grouped" as (select "key0" as "key0", "key1" as "key1", count(*) as "trips"
  from "keyed"
  group by "key0", "key1"), "judged" as (select "key0", "key1", trips, false as is_suppressed
  from grouped
  where (select s.min_trips
    from tripgrid.settings s) = 1
  union all select "key0", "key1", trips, is_small or (small between 1 and min_trips - 1 and size_rank = small_groups + 1)
  from (select grouped.*, s.min_trips, trips > 0 and trips < s.min_trips as is_small, coalesce(sum(trips) filter (where trips > 0 and trips < s.min_trips) over (), 0) as small, count(*) filter (where trips > 0 and trips < s.min_trips) over () as small_groups, row_number() over (order by trips = 0, trips, "key0", "key1") as size_rank
    from grouped, tripgrid.settings s
    where s.min_trips > 1) sized) select "key0" as "key0", "key1" as "key1", trips as "trips", sum(trips) over () as "total", is_suppressed as "suppressed", count(*) filter (where is_suppressed) over () as "suppressed_groups", (select min_trips
  from tripgrid.settings) as "min_trips"
from "judged"
order by "suppressed", "trips" desc, "key0", "key1"
limit $4;
-- $1 = "vehicle_model_id"
-- $2 = "Turin"
-- $3 = "Turin"
-- $4 = 51

-- countTrips: by week, of a region
with "keyed" as (select to_char(local_time, 'IYYY"-W"IW') as "key0"
  from "tripgrid"."trips"
  where ("region" = $1 and "local_time" >= $2 and "local_time" < $3::date + 1)), "grouped" as (select "key0" as "key0", count(*) as "trips"
  from "keyed"
  group by "key0"), "judged" as (select "key0", trips, false as is_suppressed
  from grouped
  where (select s.min_trips
    from tripgrid.settings s) = 1
  union all select "key0", trips, is_small or (small between 1 and min_trips - 1 and size_rank = small_groups + 1)
  from (select grouped.*, s.min_trips, trips > 0 and trips < s.min_trips as is_small, coalesce(sum(trips) filter (where trips > 0 and trips < s.min_trips) over (), 0) as small, count(*) filter (where trips > 0 and trips < s.min_trips) over () as small_groups, row_number() over (order by trips = 0, trips, "key0") as size_rank
    from grouped, tripgrid.settings s
    where s.min_trips > 1) sized) select "key0" as "key0", trips as "trips", sum(trips) over () as "total", is_suppressed as "suppressed", count(*) filter (where is_suppressed) over () as "suppressed_groups", (select min_trips
  from tripgrid.settings) as "min_trips"
from "judged"
order by "suppressed", "trips" desc, "key0"
limit $4;
-- $1 = "Turin"
-- $2 = "2018-05-21"
-- $3 = "2018-05-27"
-- $4 = 51
