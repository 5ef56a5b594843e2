-- migrate:up
-- The rollups as tables, named live_… since the views over them and over the retired weeks have the plain names.
-- tripgrid_internal.refresh_weeks brings them up to date week by week and touches only rows that changed.

-- Weekly counts of origins and of destinations by cell, each at four precisions: live_weekly_origins_4 to live_weekly_destinations_7. The
-- unique index is the one that area questions use: a list of cells, then a range of weeks, and the count stands in it.
do $$
declare
  rollup text;
begin
  for rollup in select format('weekly_%s_%s', ends, size) from unnest(array['origins', 'destinations']) ends, generate_series(4, 7) size loop
    execute format($sql$
      create table tripgrid_internal.live_%1$s (
        week   timestamp not null,
        trips  bigint not null,
        cell   text collate "C" not null,
        source text collate "C" not null,
        region text collate "C"
      )$sql$, rollup);
    execute format('create unique index %1$s_cell on tripgrid_internal.live_%1$s (cell, week, source, region) include (trips) nulls not distinct', rollup);
  end loop;
end
$$;

-- Hourly counts by region.
create table tripgrid_internal.live_hourly_regions (
  hour   timestamp not null,
  trips  bigint not null,
  source text collate "C" not null,
  region text collate "C"
);
create unique index hourly_regions_hour on tripgrid_internal.live_hourly_regions (hour, source, region) include (trips) nulls not distinct;

-- Weekly counts of clusters: origin cell, destination cell, hour of day. The sums are those of their trips: great-circle distance in
-- metres, duration in seconds, and how many trips have a duration.
create table tripgrid_internal.live_weekly_clusters (
  week       timestamp not null,
  trips      bigint not null,
  durations  bigint not null,
  duration_s double precision,
  distance_m double precision not null,
  hour       smallint not null,
  o_cell     text collate "C" not null,
  d_cell     text collate "C" not null,
  source     text collate "C" not null,
  region     text collate "C"
);
create unique index weekly_clusters_week on tripgrid_internal.live_weekly_clusters (week, o_cell, d_cell, hour, source, region) include (trips) nulls not distinct;
-- A cell's clusters of a week, fewest trips first. Read backwards, a question about the biggest ones takes some thousand rows of
-- hundreds of thousands.
create index weekly_clusters_trips on tripgrid_internal.live_weekly_clusters (o_cell, week, trips) include (d_cell, hour, source, region);

-- Weekly counts of drivers, with the same sums.
create table tripgrid_internal.live_weekly_drivers (
  week       timestamp not null,
  trips      bigint not null,
  durations  bigint not null,
  duration_s double precision,
  distances  bigint not null,
  distance_m double precision,
  driver_id  text collate "C" not null,
  source     text collate "C" not null,
  region     text collate "C"
);
create unique index weekly_drivers_week on tripgrid_internal.live_weekly_drivers (week, driver_id, source, region) include (trips) nulls not distinct;

-- Deletes and updates of trips are noted once a statement. A change in a closed week would be counted wrongly for ever, so it is refused.
create function tripgrid_internal.note_deleted_trips() returns trigger language plpgsql
  security definer set search_path = pg_catalog, pg_temp as $$
declare
  first date;
begin
  with noted as (
    insert into tripgrid_internal.pending_weeks (week, removed)
    select date_trunc('week', local_time)::date, count(*) from gone group by 1
    returning week
  )
  select min(n.week) into first from noted n;
  perform tripgrid_internal.refuse_closed_week(first);
  return null;
end
$$;
create trigger trips_deleted after delete on tripgrid.trips
  referencing old table as gone for each statement execute function tripgrid_internal.note_deleted_trips();

create function tripgrid_internal.note_updated_trips() returns trigger language plpgsql
  security definer set search_path = pg_catalog, pg_temp as $$
declare
  first date;
begin
  with noted as (
    insert into tripgrid_internal.pending_weeks (week, inserted, removed)
    select date_trunc('week', local_time)::date, sum(inserted), sum(removed)
    from (select local_time, 1 as inserted, 0 as removed from fresh union all select local_time, 0, 1 from gone) changed
    group by 1
    returning week
  )
  select min(n.week) into first from noted n;
  perform tripgrid_internal.refuse_closed_week(first);
  return null;
end
$$;
create trigger trips_updated after update on tripgrid.trips
  referencing new table as fresh old table as gone for each statement execute function tripgrid_internal.note_updated_trips();

-- migrate:down
