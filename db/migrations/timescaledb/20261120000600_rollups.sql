-- migrate:up
-- Weekly counts of origins and destinations by cell, at four precisions, and hourly counts by region, as continuous aggregates:
-- the coarser ones on top of the finer. They hold what was refreshed and nothing else (materialized_only), since
-- tripgrid.pending_weeks knows what is missing. One composite index each in place of the default ones, which are per
-- column and made an area question take 10 s where this one takes 0.5 s.

create materialized view tripgrid.weekly_origins_7
with (timescaledb.continuous, timescaledb.materialized_only = true, timescaledb.create_group_indexes = false) as
select left(o_cell, 7) as cell, time_bucket('7 days', local_time) as week, source, region, count(*) as trips
from tripgrid.trips
group by 1, 2, 3, 4
with no data;
create index weekly_origins_7_cell on tripgrid.weekly_origins_7 (cell, week) include (source, region, trips);

create materialized view tripgrid.weekly_origins_6
with (timescaledb.continuous, timescaledb.materialized_only = true, timescaledb.create_group_indexes = false) as
select left(cell, 6) as cell, time_bucket('7 days', week) as week, source, region, sum(trips)::bigint as trips
from tripgrid.weekly_origins_7
group by 1, 2, 3, 4
with no data;
create index weekly_origins_6_cell on tripgrid.weekly_origins_6 (cell, week) include (source, region, trips);

create materialized view tripgrid.weekly_origins_5
with (timescaledb.continuous, timescaledb.materialized_only = true, timescaledb.create_group_indexes = false) as
select left(cell, 5) as cell, time_bucket('7 days', week) as week, source, region, sum(trips)::bigint as trips
from tripgrid.weekly_origins_6
group by 1, 2, 3, 4
with no data;
create index weekly_origins_5_cell on tripgrid.weekly_origins_5 (cell, week) include (source, region, trips);

create materialized view tripgrid.weekly_origins_4
with (timescaledb.continuous, timescaledb.materialized_only = true, timescaledb.create_group_indexes = false) as
select left(cell, 4) as cell, time_bucket('7 days', week) as week, source, region, sum(trips)::bigint as trips
from tripgrid.weekly_origins_5
group by 1, 2, 3, 4
with no data;
create index weekly_origins_4_cell on tripgrid.weekly_origins_4 (cell, week) include (source, region, trips);

create materialized view tripgrid.weekly_destinations_7
with (timescaledb.continuous, timescaledb.materialized_only = true, timescaledb.create_group_indexes = false) as
select left(d_cell, 7) as cell, time_bucket('7 days', local_time) as week, source, region, count(*) as trips
from tripgrid.trips
where d_cell is not null
group by 1, 2, 3, 4
with no data;
create index weekly_destinations_7_cell on tripgrid.weekly_destinations_7 (cell, week) include (source, region, trips);

create materialized view tripgrid.weekly_destinations_6
with (timescaledb.continuous, timescaledb.materialized_only = true, timescaledb.create_group_indexes = false) as
select left(cell, 6) as cell, time_bucket('7 days', week) as week, source, region, sum(trips)::bigint as trips
from tripgrid.weekly_destinations_7
group by 1, 2, 3, 4
with no data;
create index weekly_destinations_6_cell on tripgrid.weekly_destinations_6 (cell, week) include (source, region, trips);

create materialized view tripgrid.weekly_destinations_5
with (timescaledb.continuous, timescaledb.materialized_only = true, timescaledb.create_group_indexes = false) as
select left(cell, 5) as cell, time_bucket('7 days', week) as week, source, region, sum(trips)::bigint as trips
from tripgrid.weekly_destinations_6
group by 1, 2, 3, 4
with no data;
create index weekly_destinations_5_cell on tripgrid.weekly_destinations_5 (cell, week) include (source, region, trips);

create materialized view tripgrid.weekly_destinations_4
with (timescaledb.continuous, timescaledb.materialized_only = true, timescaledb.create_group_indexes = false) as
select left(cell, 4) as cell, time_bucket('7 days', week) as week, source, region, sum(trips)::bigint as trips
from tripgrid.weekly_destinations_5
group by 1, 2, 3, 4
with no data;
create index weekly_destinations_4_cell on tripgrid.weekly_destinations_4 (cell, week) include (source, region, trips);

create materialized view tripgrid.hourly_regions
with (timescaledb.continuous, timescaledb.materialized_only = true, timescaledb.create_group_indexes = false) as
select time_bucket('1 hour', local_time) as hour, source, region, count(*) as trips
from tripgrid.trips
group by 1, 2, 3
with no data;
create index hourly_regions_hour on tripgrid.hourly_regions (hour) include (source, region, trips);

-- Row by row: TimescaleDB knows no transition tables of what is deleted where chunks may be in the columnstore.
create function tripgrid.note_deleted_trips() returns trigger language plpgsql
  security definer set search_path = pg_catalog, pg_temp as $$
begin
  insert into tripgrid.pending_weeks (week, removed) values (date_trunc('week', old.local_time)::date, 1);
  return null;
end
$$;

create function tripgrid.note_updated_trips() returns trigger language plpgsql
  security definer set search_path = pg_catalog, pg_temp as $$
begin
  insert into tripgrid.pending_weeks (week, removed) values (date_trunc('week', old.local_time)::date, 1);
  insert into tripgrid.pending_weeks (week, inserted) values (date_trunc('week', new.local_time)::date, 1);
  return null;
end
$$;

create trigger trips_deleted after delete on tripgrid.trips for each row execute function tripgrid.note_deleted_trips();
create trigger trips_updated after update on tripgrid.trips for each row execute function tripgrid.note_updated_trips();

-- migrate:down
drop trigger trips_updated on tripgrid.trips;
drop trigger trips_deleted on tripgrid.trips;
drop function tripgrid.note_updated_trips, tripgrid.note_deleted_trips;
drop materialized view tripgrid.hourly_regions;
drop materialized view tripgrid.weekly_destinations_4;
drop materialized view tripgrid.weekly_destinations_5;
drop materialized view tripgrid.weekly_destinations_6;
drop materialized view tripgrid.weekly_destinations_7;
drop materialized view tripgrid.weekly_origins_4;
drop materialized view tripgrid.weekly_origins_5;
drop materialized view tripgrid.weekly_origins_6;
drop materialized view tripgrid.weekly_origins_7;
