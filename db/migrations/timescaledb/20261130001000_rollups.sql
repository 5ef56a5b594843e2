-- migrate:up
-- The rollups as continuous aggregates, named live_… since the views over them and over the retired weeks have the plain
-- names. They hold what was refreshed and nothing else (materialized_only), since tripgrid_internal.pending_weeks knows what is missing. Each
-- has composite indexes in place of the default ones, which are per column: an area question took 10 s with these
-- and 0.5 s with one composite index.

-- Weekly counts of origins and of destinations by cell, each at four precisions: live_weekly_origins_4 to live_weekly_destinations_7. The
-- finest one reads the trips, each coarser one the next finer.
do $$
declare
  ends record;
  size integer;
begin
  for ends in select * from (values ('origins', 'o_cell', ''), ('destinations', 'd_cell', 'where d_cell is not null')) e (name, cell, condition) loop
    execute format($sql$
      create materialized view tripgrid_internal.live_weekly_%1$s_7
      with (timescaledb.continuous, timescaledb.materialized_only = true, timescaledb.create_group_indexes = false) as
      select left(%2$s, 7) as cell, time_bucket('7 days', local_time) as week, source, region, count(*) as trips
      from tripgrid.trips %3$s
      group by 1, 2, 3, 4
      with no data$sql$, ends.name, ends.cell, ends.condition);
    for size in reverse 6..4 loop
      execute format($sql$
        create materialized view tripgrid_internal.live_weekly_%1$s_%2$s
        with (timescaledb.continuous, timescaledb.materialized_only = true, timescaledb.create_group_indexes = false) as
        select left(cell, %2$s) as cell, time_bucket('7 days', week) as week, source, region, sum(trips)::bigint as trips
        from tripgrid_internal.live_weekly_%1$s_%3$s
        group by 1, 2, 3, 4
        with no data$sql$, ends.name, size, size + 1);
    end loop;
    for size in 4..7 loop
      execute format('create index weekly_%1$s_%2$s_cell on tripgrid_internal.live_weekly_%1$s_%2$s (cell, week) include (source, region, trips)', ends.name, size);
    end loop;
  end loop;
end
$$;

-- Hourly counts by region.
create materialized view tripgrid_internal.live_hourly_regions
with (timescaledb.continuous, timescaledb.materialized_only = true, timescaledb.create_group_indexes = false) as
select time_bucket('1 hour', local_time) as hour, source, region, count(*) as trips
from tripgrid.trips
group by 1, 2, 3
with no data;
create index hourly_regions_hour on tripgrid_internal.live_hourly_regions (hour) include (source, region, trips);

-- Weekly counts of clusters: origin cell, destination cell, hour of day. The sums are those of their trips: great-circle distance in
-- metres, duration in seconds, and how many trips have a duration. A duration of 1e100 s and more counts as missing: sums of
-- such would overflow, which is an error.
create materialized view tripgrid_internal.live_weekly_clusters
with (timescaledb.continuous, timescaledb.materialized_only = true, timescaledb.create_group_indexes = false) as
select time_bucket('7 days', local_time) as week, left(o_cell, 5) as o_cell, left(d_cell, 5) as d_cell,
       extract(hour from local_time)::smallint as hour, source, region, count(*) as trips,
       count(*) filter (where duration_s < 1e100) as durations, sum(duration_s) filter (where duration_s < 1e100) as duration_s,
       sum(st_distancesphere(origin, destination)) as distance_m
from tripgrid.trips
where d_cell is not null
group by 1, 2, 3, 4, 5, 6
with no data;
create index weekly_clusters_week on tripgrid_internal.live_weekly_clusters (week, o_cell, d_cell, hour) include (source, region, trips);
-- A cell's clusters of a week, fewest trips first. Read backwards, a question about the biggest ones takes some thousand rows of
-- hundreds of thousands.
create index weekly_clusters_trips on tripgrid_internal.live_weekly_clusters (o_cell, week, trips) include (d_cell, hour, source, region);

-- Weekly counts of drivers, with the same sums.
create materialized view tripgrid_internal.live_weekly_drivers
with (timescaledb.continuous, timescaledb.materialized_only = true, timescaledb.create_group_indexes = false) as
select time_bucket('7 days', local_time) as week, driver_id, source, region, count(*) as trips,
       count(*) filter (where duration_s < 1e100) as durations, sum(duration_s) filter (where duration_s < 1e100) as duration_s,
       count(destination) as distances, sum(st_distancesphere(origin, destination)) as distance_m
from tripgrid.trips
where driver_id is not null
group by 1, 2, 3, 4
with no data;
create index weekly_drivers_week on tripgrid_internal.live_weekly_drivers (week, driver_id) include (source, region, trips);

-- Deletes and updates of trips are noted row by row: TimescaleDB has no transition tables for deleted rows where chunks may be in the
-- columnstore. A change in a closed week would be counted wrongly for ever, so it is refused.
create function tripgrid_internal.note_deleted_trips() returns trigger language plpgsql
  security definer set search_path = pg_catalog, pg_temp as $$
begin
  insert into tripgrid_internal.pending_weeks (week, removed) values (date_trunc('week', old.local_time)::date, 1);
  perform tripgrid_internal.refuse_closed_week(date_trunc('week', old.local_time)::date);
  return null;
end
$$;
create trigger trips_deleted after delete on tripgrid.trips for each row execute function tripgrid_internal.note_deleted_trips();

create function tripgrid_internal.note_updated_trips() returns trigger language plpgsql
  security definer set search_path = pg_catalog, pg_temp as $$
begin
  insert into tripgrid_internal.pending_weeks (week, removed) values (date_trunc('week', old.local_time)::date, 1);
  insert into tripgrid_internal.pending_weeks (week, inserted) values (date_trunc('week', new.local_time)::date, 1);
  perform tripgrid_internal.refuse_closed_week(date_trunc('week', least(old.local_time, new.local_time))::date);
  return null;
end
$$;
create trigger trips_updated after update on tripgrid.trips for each row execute function tripgrid_internal.note_updated_trips();

-- migrate:down
