-- Marks every week to be counted again, whatever the rollups hold of it, except retired weeks, whose counts stay. Marked weeks
-- are answered from the trips until the automatic refresh has counted them.
--
-- In:     nothing
-- Out:    the number of weeks marked
-- Errors: none of its own
create or replace function tripgrid_internal.rebuild_rollups() returns integer
language plpgsql volatile set search_path from current as $$
declare
  first_time timestamp;
  last_time  timestamp;
  marked     integer;
begin
  -- Also weeks that the rollups hold by mistake.
  select min(k.first), max(k.last) into first_time, last_time
  from (select min(local_time) as first, max(local_time) as last from tripgrid.trips
        union all select min(week), max(week) from tripgrid_internal.rollup_weeks) k;
  insert into tripgrid_internal.pending_weeks (week, recount)
  select w::date, true
  from tripgrid.settings s, generate_series(greatest(date_trunc('week', first_time), s.retired_before), last_time, interval '7 days') w;
  get diagnostics marked = row_count;
  -- A rebuild also tries the weeks again that were set aside.
  delete from tripgrid_internal.refresh_attempts;
  return marked;
end
$$;
comment on function tripgrid_internal.rebuild_rollups is 'Has every week counted again; how many weeks that are';

-- select tripgrid_internal.rebuild_rollups();
