-- migrate:up
-- Retention. Trips that are older than they are to be kept go, a partition or chunk at a time; what was counted of their weeks stays.
-- It goes in three steps, so that no answer misses a trip or counts one twice: the weeks before closed_before take no more writes;
-- once the rollups know all of them their counts are copied to the tables here and retired_before moves, in one
-- transaction; and when nobody can be at their trips any more these are dropped.
alter table tripgrid.settings
  add column closed_before  date not null default '-infinity',
  add column retired_before date not null default '-infinity',
  add column retired_at     timestamptz,
  add column columnar_before timestamp not null default '-infinity',
  add constraint settings_retired check (retired_before <= closed_before),
  add constraint settings_mondays check ((not isfinite(closed_before) or extract(isodow from closed_before) = 1)
                                         and (not isfinite(retired_before) or extract(isodow from retired_before) = 1));
comment on column tripgrid.settings.closed_before is 'Trips of weeks before this one are neither taken nor changed';
comment on column tripgrid.settings.retired_before is 'Weeks before this one are counted from the retired tables alone';
comment on column tripgrid.settings.retired_at is 'When retired_before moved last';
comment on column tripgrid.settings.columnar_before is 'Trips before this local time are counted in one pass: most of them are in the columnstore';

create table tripgrid.retired_weekly_origins_7 (
  week   timestamp not null,
  trips  bigint not null,
  cell   text collate "C" not null,
  source text collate "C" not null,
  region text collate "C"
);
create unique index retired_weekly_origins_7_cell on tripgrid.retired_weekly_origins_7 (cell, week, source, region) include (trips) nulls not distinct;
create view tripgrid.weekly_origins_7 as
select cell, week, source, region, trips from tripgrid.live_weekly_origins_7 where week >= (select retired_before from tripgrid.settings)
union all
select cell, week, source, region, trips from tripgrid.retired_weekly_origins_7 where week < (select retired_before from tripgrid.settings);

create table tripgrid.retired_weekly_origins_6 (
  week   timestamp not null,
  trips  bigint not null,
  cell   text collate "C" not null,
  source text collate "C" not null,
  region text collate "C"
);
create unique index retired_weekly_origins_6_cell on tripgrid.retired_weekly_origins_6 (cell, week, source, region) include (trips) nulls not distinct;
create view tripgrid.weekly_origins_6 as
select cell, week, source, region, trips from tripgrid.live_weekly_origins_6 where week >= (select retired_before from tripgrid.settings)
union all
select cell, week, source, region, trips from tripgrid.retired_weekly_origins_6 where week < (select retired_before from tripgrid.settings);

create table tripgrid.retired_weekly_origins_5 (
  week   timestamp not null,
  trips  bigint not null,
  cell   text collate "C" not null,
  source text collate "C" not null,
  region text collate "C"
);
create unique index retired_weekly_origins_5_cell on tripgrid.retired_weekly_origins_5 (cell, week, source, region) include (trips) nulls not distinct;
create view tripgrid.weekly_origins_5 as
select cell, week, source, region, trips from tripgrid.live_weekly_origins_5 where week >= (select retired_before from tripgrid.settings)
union all
select cell, week, source, region, trips from tripgrid.retired_weekly_origins_5 where week < (select retired_before from tripgrid.settings);

create table tripgrid.retired_weekly_origins_4 (
  week   timestamp not null,
  trips  bigint not null,
  cell   text collate "C" not null,
  source text collate "C" not null,
  region text collate "C"
);
create unique index retired_weekly_origins_4_cell on tripgrid.retired_weekly_origins_4 (cell, week, source, region) include (trips) nulls not distinct;
create view tripgrid.weekly_origins_4 as
select cell, week, source, region, trips from tripgrid.live_weekly_origins_4 where week >= (select retired_before from tripgrid.settings)
union all
select cell, week, source, region, trips from tripgrid.retired_weekly_origins_4 where week < (select retired_before from tripgrid.settings);

create table tripgrid.retired_weekly_destinations_7 (
  week   timestamp not null,
  trips  bigint not null,
  cell   text collate "C" not null,
  source text collate "C" not null,
  region text collate "C"
);
create unique index retired_weekly_destinations_7_cell on tripgrid.retired_weekly_destinations_7 (cell, week, source, region) include (trips) nulls not distinct;
create view tripgrid.weekly_destinations_7 as
select cell, week, source, region, trips from tripgrid.live_weekly_destinations_7 where week >= (select retired_before from tripgrid.settings)
union all
select cell, week, source, region, trips from tripgrid.retired_weekly_destinations_7 where week < (select retired_before from tripgrid.settings);

create table tripgrid.retired_weekly_destinations_6 (
  week   timestamp not null,
  trips  bigint not null,
  cell   text collate "C" not null,
  source text collate "C" not null,
  region text collate "C"
);
create unique index retired_weekly_destinations_6_cell on tripgrid.retired_weekly_destinations_6 (cell, week, source, region) include (trips) nulls not distinct;
create view tripgrid.weekly_destinations_6 as
select cell, week, source, region, trips from tripgrid.live_weekly_destinations_6 where week >= (select retired_before from tripgrid.settings)
union all
select cell, week, source, region, trips from tripgrid.retired_weekly_destinations_6 where week < (select retired_before from tripgrid.settings);

create table tripgrid.retired_weekly_destinations_5 (
  week   timestamp not null,
  trips  bigint not null,
  cell   text collate "C" not null,
  source text collate "C" not null,
  region text collate "C"
);
create unique index retired_weekly_destinations_5_cell on tripgrid.retired_weekly_destinations_5 (cell, week, source, region) include (trips) nulls not distinct;
create view tripgrid.weekly_destinations_5 as
select cell, week, source, region, trips from tripgrid.live_weekly_destinations_5 where week >= (select retired_before from tripgrid.settings)
union all
select cell, week, source, region, trips from tripgrid.retired_weekly_destinations_5 where week < (select retired_before from tripgrid.settings);

create table tripgrid.retired_weekly_destinations_4 (
  week   timestamp not null,
  trips  bigint not null,
  cell   text collate "C" not null,
  source text collate "C" not null,
  region text collate "C"
);
create unique index retired_weekly_destinations_4_cell on tripgrid.retired_weekly_destinations_4 (cell, week, source, region) include (trips) nulls not distinct;
create view tripgrid.weekly_destinations_4 as
select cell, week, source, region, trips from tripgrid.live_weekly_destinations_4 where week >= (select retired_before from tripgrid.settings)
union all
select cell, week, source, region, trips from tripgrid.retired_weekly_destinations_4 where week < (select retired_before from tripgrid.settings);

create table tripgrid.retired_hourly_regions (
  hour   timestamp not null,
  trips  bigint not null,
  source text collate "C" not null,
  region text collate "C"
);
create unique index retired_hourly_regions_hour on tripgrid.retired_hourly_regions (hour, source, region) include (trips) nulls not distinct;
create view tripgrid.hourly_regions as
select hour, source, region, trips from tripgrid.live_hourly_regions where hour >= (select retired_before from tripgrid.settings)
union all
select hour, source, region, trips from tripgrid.retired_hourly_regions where hour < (select retired_before from tripgrid.settings);

-- A trip of a closed week would be counted nowhere. Who is not READ COMMITTED might not see that the week was closed.
create function tripgrid.refuse_closed_week(week date) returns void language plpgsql
  security definer set search_path = pg_catalog, pg_temp as $$
declare
  closed date;
begin
  if current_setting('transaction_isolation') = 'read committed' then
    select s.closed_before into closed from tripgrid.settings s;
  else
    select s.closed_before into closed from tripgrid.settings s for share;
  end if;
  if week < closed then
    raise exception 'The week of % takes no more trips, and none of its trips changes, as in all weeks before %: only what was counted of them is kept.',
      week, closed using errcode = 'TG005', detail = json_build_object('closed_before', closed);
  end if;
end
$$;

create or replace function tripgrid.note_inserted_trips() returns trigger language plpgsql
  security definer set search_path = pg_catalog, pg_temp as $$
declare
  first date;
begin
  with noted as (
    insert into tripgrid.pending_weeks (week, inserted)
    select date_trunc('week', local_time)::date, count(*) from fresh group by 1
    returning week
  )
  select min(n.week) into first from noted n;
  perform tripgrid.refuse_closed_week(first);
  return null;
end
$$;

-- TRUNCATE sees no snapshot, so this must not have an old one either: it would miss weeks that were taken up meanwhile. All that
-- is known of any week is marked, also of those that a refresh is at; retired weeks stay as they are.
create or replace function tripgrid.note_truncated_trips() returns trigger language plpgsql
  security definer set search_path = pg_catalog, pg_temp as $$
begin
  if current_setting('transaction_isolation') <> 'read committed' then
    raise exception 'tripgrid.trips can be truncated in a READ COMMITTED transaction only; this one is %.',
      upper(current_setting('transaction_isolation')) using errcode = 'feature_not_supported';
  end if;
  insert into tripgrid.pending_weeks (week, anew)
  select distinct date_trunc('week', k.week)::date, true
  from (select week from tripgrid.pending_weeks union all select hour from tripgrid.hourly_regions
        union all select week from tripgrid.weekly_origins_7 union all select week from tripgrid.weekly_origins_6
        union all select week from tripgrid.weekly_origins_5 union all select week from tripgrid.weekly_origins_4
        union all select week from tripgrid.weekly_destinations_7 union all select week from tripgrid.weekly_destinations_6
        union all select week from tripgrid.weekly_destinations_5 union all select week from tripgrid.weekly_destinations_4) k,
       tripgrid.settings s
  where k.week >= s.retired_before;
  return null;
end
$$;

-- These give more columns from now on, which a replacement cannot.
drop function if exists tripgrid.weekly_averages(geometry, text, text, text, date, date, integer[], integer[], text);
drop function if exists tripgrid.weekly_counts(geometry, text, text, text, date, date, integer[], integer[]);
drop function if exists tripgrid.rollup_status();
update tripgrid.settings set functions_hash = null;

-- migrate:down
drop function if exists tripgrid.weekly_averages(geometry, text, text, text, date, date, integer[], integer[], text);
drop function if exists tripgrid.weekly_counts(geometry, text, text, text, date, date, integer[], integer[]);
drop function if exists tripgrid.rollup_status();
update tripgrid.settings set functions_hash = null;
create or replace function tripgrid.note_truncated_trips() returns trigger language plpgsql
  security definer set search_path = pg_catalog, pg_temp as $$
begin
  if current_setting('transaction_isolation') <> 'read committed' then
    raise exception 'tripgrid.trips can be truncated in a READ COMMITTED transaction only; this one is %.',
      upper(current_setting('transaction_isolation')) using errcode = 'feature_not_supported';
  end if;
  insert into tripgrid.pending_weeks (week, anew)
  select distinct date_trunc('week', k.week)::date, true
  from (select week from tripgrid.pending_weeks union all select hour from tripgrid.hourly_regions
        union all select week from tripgrid.weekly_origins_7 union all select week from tripgrid.weekly_origins_6
        union all select week from tripgrid.weekly_origins_5 union all select week from tripgrid.weekly_origins_4
        union all select week from tripgrid.weekly_destinations_7 union all select week from tripgrid.weekly_destinations_6
        union all select week from tripgrid.weekly_destinations_5 union all select week from tripgrid.weekly_destinations_4) k;
  return null;
end
$$;
create or replace function tripgrid.note_inserted_trips() returns trigger language plpgsql
  security definer set search_path = pg_catalog, pg_temp as $$
begin
  insert into tripgrid.pending_weeks (week, inserted)
  select date_trunc('week', local_time)::date, count(*) from fresh group by 1;
  return null;
end
$$;
drop view tripgrid.weekly_origins_7;
drop table tripgrid.retired_weekly_origins_7;
drop view tripgrid.weekly_origins_6;
drop table tripgrid.retired_weekly_origins_6;
drop view tripgrid.weekly_origins_5;
drop table tripgrid.retired_weekly_origins_5;
drop view tripgrid.weekly_origins_4;
drop table tripgrid.retired_weekly_origins_4;
drop view tripgrid.weekly_destinations_7;
drop table tripgrid.retired_weekly_destinations_7;
drop view tripgrid.weekly_destinations_6;
drop table tripgrid.retired_weekly_destinations_6;
drop view tripgrid.weekly_destinations_5;
drop table tripgrid.retired_weekly_destinations_5;
drop view tripgrid.weekly_destinations_4;
drop table tripgrid.retired_weekly_destinations_4;
drop view tripgrid.hourly_regions;
drop table tripgrid.retired_hourly_regions;
drop function tripgrid.refuse_closed_week(date);
alter table tripgrid.settings drop column columnar_before, drop column retired_at, drop column retired_before, drop column closed_before;
