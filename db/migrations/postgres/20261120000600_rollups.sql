-- migrate:up
-- Weekly counts of origins and destinations by cell, at four precisions, and hourly counts by region. They are brought up to
-- date week by week by tripgrid.refresh_weeks, which touches only rows that changed. The unique index is the one that
-- area questions use: a list of cells, then a range of weeks, and the count stands in it.

create table tripgrid.weekly_origins_7 (
  week   timestamp not null,
  trips  bigint not null,
  cell   text collate "C" not null,
  source text collate "C" not null,
  region text collate "C"
);
create unique index weekly_origins_7_cell on tripgrid.weekly_origins_7 (cell, week, source, region) include (trips) nulls not distinct;

create table tripgrid.weekly_origins_6 (
  week   timestamp not null,
  trips  bigint not null,
  cell   text collate "C" not null,
  source text collate "C" not null,
  region text collate "C"
);
create unique index weekly_origins_6_cell on tripgrid.weekly_origins_6 (cell, week, source, region) include (trips) nulls not distinct;

create table tripgrid.weekly_origins_5 (
  week   timestamp not null,
  trips  bigint not null,
  cell   text collate "C" not null,
  source text collate "C" not null,
  region text collate "C"
);
create unique index weekly_origins_5_cell on tripgrid.weekly_origins_5 (cell, week, source, region) include (trips) nulls not distinct;

create table tripgrid.weekly_origins_4 (
  week   timestamp not null,
  trips  bigint not null,
  cell   text collate "C" not null,
  source text collate "C" not null,
  region text collate "C"
);
create unique index weekly_origins_4_cell on tripgrid.weekly_origins_4 (cell, week, source, region) include (trips) nulls not distinct;

create table tripgrid.weekly_destinations_7 (
  week   timestamp not null,
  trips  bigint not null,
  cell   text collate "C" not null,
  source text collate "C" not null,
  region text collate "C"
);
create unique index weekly_destinations_7_cell on tripgrid.weekly_destinations_7 (cell, week, source, region) include (trips) nulls not distinct;

create table tripgrid.weekly_destinations_6 (
  week   timestamp not null,
  trips  bigint not null,
  cell   text collate "C" not null,
  source text collate "C" not null,
  region text collate "C"
);
create unique index weekly_destinations_6_cell on tripgrid.weekly_destinations_6 (cell, week, source, region) include (trips) nulls not distinct;

create table tripgrid.weekly_destinations_5 (
  week   timestamp not null,
  trips  bigint not null,
  cell   text collate "C" not null,
  source text collate "C" not null,
  region text collate "C"
);
create unique index weekly_destinations_5_cell on tripgrid.weekly_destinations_5 (cell, week, source, region) include (trips) nulls not distinct;

create table tripgrid.weekly_destinations_4 (
  week   timestamp not null,
  trips  bigint not null,
  cell   text collate "C" not null,
  source text collate "C" not null,
  region text collate "C"
);
create unique index weekly_destinations_4_cell on tripgrid.weekly_destinations_4 (cell, week, source, region) include (trips) nulls not distinct;

create table tripgrid.hourly_regions (
  hour   timestamp not null,
  trips  bigint not null,
  source text collate "C" not null,
  region text collate "C"
);
create unique index hourly_regions_hour on tripgrid.hourly_regions (hour, source, region) include (trips) nulls not distinct;

create function tripgrid.note_deleted_trips() returns trigger language plpgsql
  security definer set search_path = pg_catalog, pg_temp as $$
begin
  insert into tripgrid.pending_weeks (week, removed)
  select date_trunc('week', local_time)::date, count(*) from gone group by 1;
  return null;
end
$$;

create function tripgrid.note_updated_trips() returns trigger language plpgsql
  security definer set search_path = pg_catalog, pg_temp as $$
begin
  insert into tripgrid.pending_weeks (week, inserted, removed)
  select date_trunc('week', local_time)::date, sum(inserted), sum(removed)
  from (select local_time, 1 as inserted, 0 as removed from fresh union all select local_time, 0, 1 from gone) changed
  group by 1;
  return null;
end
$$;

create trigger trips_deleted after delete on tripgrid.trips
  referencing old table as gone for each statement execute function tripgrid.note_deleted_trips();
create trigger trips_updated after update on tripgrid.trips
  referencing new table as fresh old table as gone for each statement execute function tripgrid.note_updated_trips();

-- migrate:down
drop trigger trips_updated on tripgrid.trips;
drop trigger trips_deleted on tripgrid.trips;
drop function tripgrid.note_updated_trips, tripgrid.note_deleted_trips;
drop table tripgrid.hourly_regions;
drop table tripgrid.weekly_origins_7;
drop table tripgrid.weekly_origins_6;
drop table tripgrid.weekly_origins_5;
drop table tripgrid.weekly_origins_4;
drop table tripgrid.weekly_destinations_7;
drop table tripgrid.weekly_destinations_6;
drop table tripgrid.weekly_destinations_5;
drop table tripgrid.weekly_destinations_4;
