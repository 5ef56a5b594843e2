-- migrate:up
-- The rollups as tables, with the columns of the retired ones. They are named live_… since the views over both have the plain names.
-- tripgrid_internal.refresh_weeks brings them up to date week by week and touches only rows that changed.

-- By cell. The unique index is the one that area questions use: a list of cells, then a range of weeks, and the count stands in it.
do $$
declare
  rollup text;
begin
  for rollup in select format('weekly_%s_%s', ends, size) from unnest(array['origins', 'destinations']) ends, generate_series(4, 7) size loop
    execute format('create table tripgrid_internal.live_%1$s (like tripgrid_internal.retired_%1$s)', rollup);
    execute format('create unique index %1$s_cell on tripgrid_internal.live_%1$s (cell, week, source, region) include (trips) nulls not distinct', rollup);
  end loop;
end
$$;

create table tripgrid_internal.live_hourly_regions (like tripgrid_internal.retired_hourly_regions);
create unique index hourly_regions_hour on tripgrid_internal.live_hourly_regions (hour, source, region) include (trips) nulls not distinct;

create table tripgrid_internal.live_weekly_clusters (like tripgrid_internal.retired_weekly_clusters);
create unique index weekly_clusters_week on tripgrid_internal.live_weekly_clusters (week, o_cell, d_cell, hour, source, region) include (trips) nulls not distinct;
-- A cell's clusters of a week, fewest trips first. Read backwards, a question about the biggest ones takes some thousand rows of
-- hundreds of thousands.
create index weekly_clusters_trips on tripgrid_internal.live_weekly_clusters (o_cell, week, trips) include (d_cell, hour, source, region);

create table tripgrid_internal.live_weekly_drivers (like tripgrid_internal.retired_weekly_drivers);
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
