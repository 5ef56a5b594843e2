-- migrate:up
-- Weekly counts of clusters (origin cell, destination cell, hour of day) and of drivers, kept as the other rollups are. The sums are
-- those of their trips: great-circle distance in metres, duration in seconds, and how many of them have one. Durations of 1e100 s and more
-- count as missing: their sums would be none.
create materialized view tripgrid.live_weekly_clusters
with (timescaledb.continuous, timescaledb.materialized_only = true, timescaledb.create_group_indexes = false) as
select time_bucket('7 days', local_time) as week, left(o_cell, 5) as o_cell, left(d_cell, 5) as d_cell,
       extract(hour from local_time)::smallint as hour, source, region, count(*) as trips,
       count(*) filter (where duration_s < 1e100) as durations, sum(duration_s) filter (where duration_s < 1e100) as duration_s,
       sum(st_distancesphere(origin, destination)) as distance_m
from tripgrid.trips
where d_cell is not null
group by 1, 2, 3, 4, 5, 6
with no data;
create index weekly_clusters_week on tripgrid.live_weekly_clusters (week, o_cell, d_cell, hour) include (source, region, trips);

create materialized view tripgrid.live_weekly_drivers
with (timescaledb.continuous, timescaledb.materialized_only = true, timescaledb.create_group_indexes = false) as
select time_bucket('7 days', local_time) as week, driver_id, source, region, count(*) as trips,
       count(*) filter (where duration_s < 1e100) as durations, sum(duration_s) filter (where duration_s < 1e100) as duration_s,
       count(destination) as distances, sum(st_distancesphere(origin, destination)) as distance_m
from tripgrid.trips
where driver_id is not null
group by 1, 2, 3, 4
with no data;
create index weekly_drivers_week on tripgrid.live_weekly_drivers (week, driver_id) include (source, region, trips);

-- migrate:down
drop materialized view tripgrid.live_weekly_drivers;
drop materialized view tripgrid.live_weekly_clusters;
