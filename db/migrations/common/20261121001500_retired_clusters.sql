-- migrate:up
-- What is kept of the clusters and drivers of retired weeks, and the rollups' own names over both, as for the other rollups. Weeks that
-- were retired before this migration have none.
create table tripgrid.retired_weekly_clusters (
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
create unique index retired_weekly_clusters_week on tripgrid.retired_weekly_clusters (week, o_cell, d_cell, hour, source, region) nulls not distinct;
create view tripgrid.weekly_clusters as
select week, o_cell, d_cell, hour, source, region, trips, durations, duration_s, distance_m
from tripgrid.live_weekly_clusters where week >= (select retired_before from tripgrid.settings)
union all
select week, o_cell, d_cell, hour, source, region, trips, durations, duration_s, distance_m
from tripgrid.retired_weekly_clusters where week < (select retired_before from tripgrid.settings);

create table tripgrid.retired_weekly_drivers (
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
create unique index retired_weekly_drivers_week on tripgrid.retired_weekly_drivers (week, driver_id, source, region) nulls not distinct;
create view tripgrid.weekly_drivers as
select week, driver_id, source, region, trips, durations, duration_s, distances, distance_m
from tripgrid.live_weekly_drivers where week >= (select retired_before from tripgrid.settings)
union all
select week, driver_id, source, region, trips, durations, duration_s, distances, distance_m
from tripgrid.retired_weekly_drivers where week < (select retired_before from tripgrid.settings);

-- Over all weeks: what BI tools sample, who read all of a view before they show ten rows of it. Brought up to date in the background,
-- see tripgrid.refresh_totals.
create materialized view tripgrid.cluster_totals as
select o_cell, d_cell, hour, source, region, sum(trips)::bigint as trips, count(distinct week)::integer as weeks_with_trips,
       sum(durations)::bigint as durations, sum(duration_s) as duration_s, sum(distance_m) as distance_m
from tripgrid.weekly_clusters group by 1, 2, 3, 4, 5;
create unique index cluster_totals_key on tripgrid.cluster_totals (o_cell, d_cell, hour, source, region) nulls not distinct;

create materialized view tripgrid.driver_totals as
select driver_id, source, region, sum(trips)::bigint as trips, count(distinct week)::integer as weeks_with_trips,
       sum(durations)::bigint as durations, sum(duration_s) as duration_s, sum(distances)::bigint as distances, sum(distance_m) as distance_m,
       min(week)::date as first_week, max(week)::date as last_week
from tripgrid.weekly_drivers group by 1, 2, 3;
create unique index driver_totals_key on tripgrid.driver_totals (driver_id, source, region) nulls not distinct;

-- One row: as of when they are.
create table tripgrid.totals_state (
  one        boolean primary key default true check (one),
  is_behind  boolean not null default true,
  as_of      timestamptz not null default '-infinity',
  opens      date,
  closes     date,
  took_s     double precision not null default 0,
  updated_at timestamptz not null default '-infinity'
);
comment on table tripgrid.totals_state is 'One row: as of when the totals over all weeks are';
comment on column tripgrid.totals_state.is_behind is 'Whether the rollups have changed since';
comment on column tripgrid.totals_state.as_of is 'Every trip committed before this instant is in them';
comment on column tripgrid.totals_state.opens is 'Monday of the first week that had a trip then';
comment on column tripgrid.totals_state.closes is 'Monday after the last week that had a trip then';
insert into tripgrid.totals_state default values;

-- The new rollups are taken up by the refresh, like any others that are behind.
insert into tripgrid.pending_weeks (week, anew)
select distinct date_trunc('week', h.hour)::date, true
from tripgrid.hourly_regions h, tripgrid.settings s where h.hour >= s.retired_before;

-- migrate:down
drop table tripgrid.totals_state;
drop materialized view tripgrid.driver_totals;
drop materialized view tripgrid.cluster_totals;
drop view tripgrid.weekly_drivers;
drop table tripgrid.retired_weekly_drivers;
drop view tripgrid.weekly_clusters;
drop table tripgrid.retired_weekly_clusters;
