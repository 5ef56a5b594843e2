-- Closes the weeks whose trips are older than the retention period. From then on these weeks take no trip, and none of their
-- trips changes.
--
-- In:     keep_weeks, the minimum number of weeks that trips are kept; they are closed in blocks of four weeks, as the partitions
--         are cut
-- Out:    true if a week was closed that was open before
-- Errors: TG002 if keep_weeks is less than four. Waits for writers of trips, and other writers wait meanwhile: set a
--         lock_timeout.
create or replace function tripgrid_internal.freeze_weeks(keep_weeks integer) returns boolean
language plpgsql volatile set search_path from current as $$
declare
  first_monday constant date := '2000-01-03';
  oldest date;
begin
  if keep_weeks is null or keep_weeks < 4 then
    raise exception 'keep_weeks: expected 4 or more, but got %.', keep_weeks using errcode = 'TG002';
  end if;
  select (now() at time zone coalesce(s.time_zone, 'Etc/GMT+12'))::date - 7 * keep_weeks into oldest from tripgrid.settings s;
  oldest := first_monday + 28 * floor((oldest - first_monday) / 28.0)::int;
  if oldest <= (select s.closed_before from tripgrid.settings s) then
    return false;
  end if;
  -- The lock is granted when all current writers of trips have finished. Writers that wait for it see the new value.
  lock table only tripgrid.trips in share row exclusive mode;
  update tripgrid.settings set closed_before = oldest where closed_before < oldest;
  return found;
end
$$;
comment on function tripgrid_internal.freeze_weeks is 'Closes weeks whose trips are older than they are to be kept; whether any was open';

-- select tripgrid_internal.freeze_weeks(520);
