-- migrate:up
-- Counts of the weeks whose trips are no longer kept, in tables that no refresh touches. The engine's own migration, which comes next,
-- makes the live rollups of all other weeks.

-- Weekly counts of origins and of destinations by cell, each at four precisions: retired_weekly_origins_4 to retired_weekly_destinations_7.
do $$
declare
  rollup text;
begin
  for rollup in select format('retired_weekly_%s_%s', ends, size) from unnest(array['origins', 'destinations']) ends, generate_series(4, 7) size loop
    execute format($sql$
      create table tripgrid_internal.%s (
        week   timestamp not null,
        trips  bigint not null,
        cell   text collate "C" not null,
        source text collate "C" not null,
        region text collate "C"
      )$sql$, rollup);
    execute format('create unique index %1$s_cell on tripgrid_internal.%1$s (cell, week, source, region) include (trips) nulls not distinct', rollup);
  end loop;
end
$$;

-- Hourly counts by region.
create table tripgrid_internal.retired_hourly_regions (
  hour   timestamp not null,
  trips  bigint not null,
  source text collate "C" not null,
  region text collate "C"
);
create unique index retired_hourly_regions_hour on tripgrid_internal.retired_hourly_regions (hour, source, region) include (trips) nulls not distinct;

-- Weekly counts of clusters: origin cell, destination cell, hour of day. The sums are those of their trips: great-circle distance in
-- metres, duration in seconds, and how many trips have a duration.
create table tripgrid_internal.retired_weekly_clusters (
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
create unique index retired_weekly_clusters_week on tripgrid_internal.retired_weekly_clusters (week, o_cell, d_cell, hour, source, region) nulls not distinct;

-- Weekly counts of drivers, with the same sums.
create table tripgrid_internal.retired_weekly_drivers (
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
create unique index retired_weekly_drivers_week on tripgrid_internal.retired_weekly_drivers (week, driver_id, source, region) nulls not distinct;

-- migrate:down
