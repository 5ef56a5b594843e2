-- Closes weeks whose trips are older than they are to be kept: from now on they take no trip, and none of theirs changes.
--
-- In:     keep_weeks, for how many weeks trips are kept at least: they go by partitions of four weeks
-- Out:    whether any week was closed that was open before
-- Errors: TG002 if there are less than four. Waits for whoever writes trips, and others wait meanwhile: set a lock_timeout.
create or replace function tripgrid.close_weeks(keep_weeks integer) returns boolean
language plpgsql volatile set search_path from current as $$
declare
  first_monday constant date := '2000-01-03';
  oldest date;
begin
  if keep_weeks is null or keep_weeks < 4 then
    raise exception 'keep_weeks: expected 4 or more, but got %.', keep_weeks using errcode = 'TG002';
  end if;
  select (now() at time zone s.time_zone)::date - 7 * keep_weeks into oldest from tripgrid.settings s;
  oldest := first_monday + 28 * floor((oldest - first_monday) / 28.0)::int;
  if oldest <= (select s.closed_before from tripgrid.settings s) then
    return false;
  end if;
  -- Whoever writes trips now has done so before; whoever waits for this sees what it says.
  lock table only tripgrid.trips in share row exclusive mode;
  update tripgrid.settings set closed_before = oldest where closed_before < oldest;
  return found;
end
$$;
comment on function tripgrid.close_weeks is 'Closes weeks whose trips are older than they are to be kept; whether any was open';

-- select tripgrid.close_weeks(520);
