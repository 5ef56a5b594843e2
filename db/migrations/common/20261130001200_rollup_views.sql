-- migrate:up
-- What is read of the rollups: views over live and retired weeks, and totals over all weeks.

-- For each rollup a view under its plain name: retired weeks from the retired table, all others from the live rollup.
do $$
declare
  rollup record;
begin
  for rollup in
    select format('weekly_%s_%s', ends, size) as name, 'week' as at, 'cell, week, source, region, trips' as columns
    from unnest(array['origins', 'destinations']) ends, generate_series(4, 7) size
    union all values
      ('hourly_regions', 'hour', 'hour, source, region, trips'),
      ('weekly_clusters', 'week', 'week, o_cell, d_cell, hour, source, region, trips, durations, duration_s, distance_m'),
      ('weekly_drivers', 'week', 'week, driver_id, source, region, trips, durations, duration_s, distances, distance_m')
  loop
    execute format($sql$
      create view tripgrid_internal.%1$s as
      select %3$s from tripgrid_internal.live_%1$s where %2$s >= (select retired_before from tripgrid.settings)
      union all
      select %3$s from tripgrid_internal.retired_%1$s where %2$s < (select retired_before from tripgrid.settings)$sql$,
      rollup.name, rollup.at, rollup.columns);
  end loop;
end
$$;

-- Every week that a rollup of cells or regions has a count of: what marks all weeks as pending reads it.
do $$
begin
  execute 'create view tripgrid_internal.rollup_weeks as select date_trunc(''week'', hour) as week from tripgrid_internal.hourly_regions'
    || (select string_agg(format(' union select week from tripgrid_internal.weekly_%s_%s', ends, size), '' order by ends, size)
        from unnest(array['origins', 'destinations']) ends, generate_series(4, 7) size);
end
$$;

-- The totals are for BI tools: these read all of a view before they show ten rows of it. tripgrid_internal.refresh_totals brings them up to
-- date in the background. One row says how far they are.
create table tripgrid_internal.totals_state (
  singleton  boolean primary key default true check (singleton),
  is_behind  boolean not null default true,
  as_of      timestamptz not null default '-infinity',
  window_start date,
  window_end date,
  took_s     double precision not null default 0,
  updated_at timestamptz not null default '-infinity',
  min_trips  integer not null default 1,
  -- Together with the rows of pending_weeks it tells whether any trip has changed: a write adds rows there, and a statement that takes rows
  -- away counts here.
  refreshes  bigint not null default 0
);
comment on table tripgrid_internal.totals_state is 'One row: as of when the totals over all weeks are';
select tripgrid_internal.comment_on_columns('tripgrid_internal.totals_state', $$
  is_behind: Whether the rollups have changed since
  as_of: Every trip committed before this instant is in them
  window_start: Monday of the first week that had a trip then
  window_end: Monday after the last week that had a trip then
  min_trips: The minimum, TRIPGRID_MIN_GROUP_SIZE, that held then
  refreshes: How often the rollups were brought up to date
$$);
insert into tripgrid_internal.totals_state default values;

-- Where cells are: decoding them for millions of rows takes longer than looking them up among thousands. A cell that is not
-- here yet is decoded.
create table tripgrid_internal.cells (
  cell   text collate "C" primary key,
  lat    double precision not null,
  lon    double precision not null,
  middle geometry(Point, 4326) not null
);
comment on table tripgrid_internal.cells is 'The middle of every cell of five characters that had a trip';

-- Only what bi.clusters may show, by the minimum that held when this was made: the view then is this table with its indexes, and no
-- plan tells what it withholds. Filtering in the view instead took 3 s to sample 4 million clusters. The averages are stored rounded, so
-- that the planner knows how few different ones there are: without that it gathered them in one process and partly on disk, 1.4 s
-- for 4 million clusters.
create materialized view tripgrid_internal.cluster_totals as
select k.o_cell, k.d_cell, k.hour, k.source, k.region, k.trips, k.weeks_with_trips,
       -- The quotient of the least numbers would underflow, which is an error.
       case when k.durations >= t.min_trips then case when k.duration_s < 1e-290 then 0 else round(k.duration_s / k.durations) end end as average_duration_s,
       round(k.distance_m / k.trips / 10) * 10 as average_distance_m
from (select o_cell, d_cell, hour, source, region, sum(trips)::bigint as trips, count(distinct week)::integer as weeks_with_trips,
             nullif(sum(durations)::bigint, 0) as durations, sum(duration_s) as duration_s, sum(distance_m) as distance_m,
             sum(sum(trips)) over (partition by o_cell, d_cell order by sum(trips), hour, source, region
                                   rows between unbounded preceding and 1 preceding) as smaller
      from tripgrid_internal.weekly_clusters group by 1, 2, 3, 4, 5) k, tripgrid_internal.totals_state t
where k.trips >= t.min_trips and coalesce(k.smaller >= t.min_trips, true);
comment on materialized view tripgrid_internal.cluster_totals is 'Clusters over all weeks, but for those that are withheld: groups of fewer trips than the minimum, and where those of a route together are fewer than it, the smallest other one too';
select tripgrid_internal.comment_on_columns('tripgrid_internal.cluster_totals', $$
  average_duration_s: Whole seconds; null where fewer trips than the minimum have a duration
  average_distance_m: Metres, rounded to 10
$$);
create unique index cluster_totals_key on tripgrid_internal.cluster_totals (o_cell, d_cell, hour, source, region) nulls not distinct;
-- Two million names, all different: with the index a thousand of them are read instead of made.
create index cluster_totals_id on tripgrid_internal.cluster_totals ((o_cell || '-' || d_cell || '-' || lpad(hour::text, 2, '0')));

create materialized view tripgrid_internal.route_totals as
select row_number() over (order by sum(trips) desc, o_cell, d_cell)::integer as rank, o_cell, d_cell, sum(trips)::bigint as trips,
       sum(durations)::bigint as durations, sum(duration_s) as duration_s, sum(distance_m) as distance_m
from tripgrid_internal.weekly_clusters group by o_cell, d_cell
order by sum(trips) desc, o_cell, d_cell limit 10000;
create unique index route_totals_key on tripgrid_internal.route_totals (rank);

create materialized view tripgrid_internal.driver_totals as
select driver_id, source, region, sum(trips)::bigint as trips, count(distinct week)::integer as weeks_with_trips,
       sum(durations)::bigint as durations, sum(duration_s) as duration_s, sum(distances)::bigint as distances, sum(distance_m) as distance_m,
       min(week)::date as first_week, max(week)::date as last_week
from tripgrid_internal.weekly_drivers group by 1, 2, 3;
create unique index driver_totals_key on tripgrid_internal.driver_totals (driver_id, source, region) nulls not distinct;

-- migrate:down
