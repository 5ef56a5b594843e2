-- Returns the trips of a region whose local time and instant do not belong together in a time zone, earliest first.
--
-- In:     region; zone, a time zone that the database knows
--         since, a local time: trips that began before it are left out. Null: none are
--         most, how many trips at most. Null: all
-- Out:    source, trip_id, local_time: their identities
-- Errors: none of its own
--
-- A time that clocks skip or repeat belongs to an instant if one of them leads to the other. The rollups say which weeks have
-- trips of the region; there is no index on it.
create or replace function tripgrid_internal.misplaced_trips(region text, zone text, since timestamp default null, most bigint default null)
returns table (source text, trip_id text, local_time timestamp)
language plpgsql stable set search_path from current set jit = off as $$
#variable_conflict use_column
declare
  run  tsrange;
  found_now bigint;
  left_over bigint := most;
begin
  for run in
    select r from unnest((
      select range_agg(tsrange(w.week, w.week + interval '7 days'))
      from (select distinct date_trunc('week', h.hour) as week from tripgrid_internal.hourly_regions h where h.region = misplaced_trips.region
            union select distinct p.week::timestamp from tripgrid_internal.pending_weeks p) w
      where w.week + interval '7 days' > coalesce(since, '-infinity'))) r
    order by r
  loop
    return query
    select t.source, t.trip_id, t.local_time
    from tripgrid.trips t
    where t.local_time >= greatest(lower(run), coalesce(since, '-infinity')) and t.local_time < upper(run)
      and t.region = misplaced_trips.region
      and t.local_time <> t.started_at at time zone zone and t.started_at <> t.local_time at time zone zone
    order by t.local_time limit left_over;
    get diagnostics found_now = row_count;
    left_over := left_over - found_now;
    exit when left_over <= 0;
  end loop;
end
$$;
comment on function tripgrid_internal.misplaced_trips is 'Trips of a region whose local times do not follow a time zone';

-- select * from tripgrid_internal.misplaced_trips('Turin', 'Europe/Rome') limit 10;
