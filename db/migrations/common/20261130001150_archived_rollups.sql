-- migrate:up
-- Counts of the weeks whose trips are no longer kept, in tables that no refresh touches; and, for each rollup, a view under its
-- plain name over both: retired weeks from the table, all others from the live rollup.

-- Weekly counts of origins and of destinations by cell: retired_weekly_origins_4 to retired_weekly_destinations_7.
do $$
declare
  rollup text;
begin
  for rollup in select format('weekly_%s_%s', ends, size) from unnest(array['origins', 'destinations']) ends, generate_series(4, 7) size loop
    execute format($sql$
      create table tripgrid_internal.retired_%1$s (
        week   timestamp not null,
        trips  bigint not null,
        cell   text collate "C" not null,
        source text collate "C" not null,
        region text collate "C"
      )$sql$, rollup);
    execute format('create unique index retired_%1$s_cell on tripgrid_internal.retired_%1$s (cell, week, source, region) include (trips) nulls not distinct', rollup);
    execute format($sql$
      create view tripgrid_internal.%1$s as
      select cell, week, source, region, trips from tripgrid_internal.live_%1$s where week >= (select retired_before from tripgrid.settings)
      union all
      select cell, week, source, region, trips from tripgrid_internal.retired_%1$s where week < (select retired_before from tripgrid.settings)$sql$, rollup);
  end loop;
end
$$;

create table tripgrid_internal.retired_hourly_regions (
  hour   timestamp not null,
  trips  bigint not null,
  source text collate "C" not null,
  region text collate "C"
);
create unique index retired_hourly_regions_hour on tripgrid_internal.retired_hourly_regions (hour, source, region) include (trips) nulls not distinct;
create view tripgrid_internal.hourly_regions as
select hour, source, region, trips from tripgrid_internal.live_hourly_regions where hour >= (select retired_before from tripgrid.settings)
union all
select hour, source, region, trips from tripgrid_internal.retired_hourly_regions where hour < (select retired_before from tripgrid.settings);

-- Every week that a rollup of cells or regions has a count of: what marks all weeks as pending reads it.
do $$
begin
  execute 'create view tripgrid_internal.rollup_weeks as select date_trunc(''week'', hour) as week from tripgrid_internal.hourly_regions'
    || (select string_agg(format(' union select week from tripgrid_internal.weekly_%s_%s', ends, size), '' order by ends, size)
        from unnest(array['origins', 'destinations']) ends, generate_series(4, 7) size);
end
$$;

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
create view tripgrid_internal.weekly_clusters as
select week, o_cell, d_cell, hour, source, region, trips, durations, duration_s, distance_m
from tripgrid_internal.live_weekly_clusters where week >= (select retired_before from tripgrid.settings)
union all
select week, o_cell, d_cell, hour, source, region, trips, durations, duration_s, distance_m
from tripgrid_internal.retired_weekly_clusters where week < (select retired_before from tripgrid.settings);

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
create view tripgrid_internal.weekly_drivers as
select week, driver_id, source, region, trips, durations, duration_s, distances, distance_m
from tripgrid_internal.live_weekly_drivers where week >= (select retired_before from tripgrid.settings)
union all
select week, driver_id, source, region, trips, durations, duration_s, distances, distance_m
from tripgrid_internal.retired_weekly_drivers where week < (select retired_before from tripgrid.settings);

-- migrate:down
