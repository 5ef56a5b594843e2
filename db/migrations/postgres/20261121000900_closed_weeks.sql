-- migrate:up
-- What is taken out of a closed week, or moved into or out of one, would be counted wrongly for ever.
create or replace function tripgrid.note_deleted_trips() returns trigger language plpgsql
  security definer set search_path = pg_catalog, pg_temp as $$
declare
  first date;
begin
  with noted as (
    insert into tripgrid.pending_weeks (week, removed)
    select date_trunc('week', local_time)::date, count(*) from gone group by 1
    returning week
  )
  select min(n.week) into first from noted n;
  perform tripgrid.refuse_closed_week(first);
  return null;
end
$$;

create or replace function tripgrid.note_updated_trips() returns trigger language plpgsql
  security definer set search_path = pg_catalog, pg_temp as $$
declare
  first date;
begin
  with noted as (
    insert into tripgrid.pending_weeks (week, inserted, removed)
    select date_trunc('week', local_time)::date, sum(inserted), sum(removed)
    from (select local_time, 1 as inserted, 0 as removed from fresh union all select local_time, 0, 1 from gone) changed
    group by 1
    returning week
  )
  select min(n.week) into first from noted n;
  perform tripgrid.refuse_closed_week(first);
  return null;
end
$$;

-- migrate:down
create or replace function tripgrid.note_deleted_trips() returns trigger language plpgsql
  security definer set search_path = pg_catalog, pg_temp as $$
begin
  insert into tripgrid.pending_weeks (week, removed)
  select date_trunc('week', local_time)::date, count(*) from gone group by 1;
  return null;
end
$$;

create or replace function tripgrid.note_updated_trips() returns trigger language plpgsql
  security definer set search_path = pg_catalog, pg_temp as $$
begin
  insert into tripgrid.pending_weeks (week, inserted, removed)
  select date_trunc('week', local_time)::date, sum(inserted), sum(removed)
  from (select local_time, 1 as inserted, 0 as removed from fresh union all select local_time, 0, 1 from gone) changed
  group by 1;
  return null;
end
$$;
-- What was counted of retired weeks goes back to where it came from.
insert into tripgrid.live_weekly_origins_7 (cell, week, source, region, trips) select cell, week, source, region, trips from tripgrid.retired_weekly_origins_7;
insert into tripgrid.live_weekly_origins_6 (cell, week, source, region, trips) select cell, week, source, region, trips from tripgrid.retired_weekly_origins_6;
insert into tripgrid.live_weekly_origins_5 (cell, week, source, region, trips) select cell, week, source, region, trips from tripgrid.retired_weekly_origins_5;
insert into tripgrid.live_weekly_origins_4 (cell, week, source, region, trips) select cell, week, source, region, trips from tripgrid.retired_weekly_origins_4;
insert into tripgrid.live_weekly_destinations_7 (cell, week, source, region, trips) select cell, week, source, region, trips from tripgrid.retired_weekly_destinations_7;
insert into tripgrid.live_weekly_destinations_6 (cell, week, source, region, trips) select cell, week, source, region, trips from tripgrid.retired_weekly_destinations_6;
insert into tripgrid.live_weekly_destinations_5 (cell, week, source, region, trips) select cell, week, source, region, trips from tripgrid.retired_weekly_destinations_5;
insert into tripgrid.live_weekly_destinations_4 (cell, week, source, region, trips) select cell, week, source, region, trips from tripgrid.retired_weekly_destinations_4;
insert into tripgrid.live_hourly_regions (hour, source, region, trips) select hour, source, region, trips from tripgrid.retired_hourly_regions;
