-- Has every week counted anew, whatever the rollups hold of it, but for retired ones, whose counts stay: from now on all of them
-- are answered from the trips, until the refresh, which runs by itself, has gone through them.
--
-- In:     nothing
-- Out:    how many weeks
-- Errors: none of its own
create or replace function tripgrid.rebuild_rollups() returns integer
language plpgsql volatile set search_path from current as $$
declare
  opens  timestamp;
  closes timestamp;
  marked integer;
begin
  -- Also weeks that the rollups hold by mistake.
  select min(k.opens), max(k.closes) into opens, closes
  from (select min(local_time) as opens, max(local_time) as closes from tripgrid.trips
        union all select min(hour), max(hour) from tripgrid.hourly_regions
        union all select min(week), max(week) from tripgrid.weekly_origins_7
        union all select min(week), max(week) from tripgrid.weekly_origins_6
        union all select min(week), max(week) from tripgrid.weekly_origins_5
        union all select min(week), max(week) from tripgrid.weekly_origins_4
        union all select min(week), max(week) from tripgrid.weekly_destinations_7
        union all select min(week), max(week) from tripgrid.weekly_destinations_6
        union all select min(week), max(week) from tripgrid.weekly_destinations_5
        union all select min(week), max(week) from tripgrid.weekly_destinations_4) k;
  insert into tripgrid.pending_weeks (week, anew)
  select w::date, true
  from tripgrid.settings s, generate_series(greatest(date_trunc('week', opens), s.retired_before), closes, interval '7 days') w;
  get diagnostics marked = row_count;
  return marked;
end
$$;
comment on function tripgrid.rebuild_rollups is 'Has every week counted anew; how many weeks that are';

-- select tripgrid.rebuild_rollups();
