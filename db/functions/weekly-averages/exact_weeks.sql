-- Counts the trips of a selection in each week, nothing withheld. tripgrid.weekly_counts and others build on it.
--
-- In:     selection
-- Out:    as tripgrid.weekly_counts, nothing withheld
-- Errors: none of its own
--
-- Counts every trip that the statement can see.
create or replace function tripgrid_internal.exact_weeks(selection tripgrid.selection)
returns table (week date, trips bigint, lower bigint, upper bigint)
language plpgsql stable set search_path from current set jit = off as $$
declare
  retired constant timestamp := (select s.retired_before from tripgrid.settings s);
begin
  if selection.area is null then
    return query
    select c.week, c.trips, c.trips, c.trips
    from (select r.week, sum(r.trips)::bigint as trips from tripgrid_internal.weekly_counts_of_regions(selection) r group by r.week) c;
    return;
  end if;
  if selection.window_start < retired then
    return query
    select r.week, r.trips, r.lower, r.upper
    from tripgrid_internal.archived_counts(
      tripgrid_internal.selection_within(selection, selection.window_start, least(selection.window_end, retired))) r;
    selection.window_start := retired;
  end if;
  if selection.window_start >= selection.window_end then
    return;
  end if;
  return query
  select c.week, c.trips, c.trips, c.trips
  from (select p.week, sum(p.trips)::bigint as trips from tripgrid_internal.current_counts(selection) p group by p.week) c;
end
$$;
comment on function tripgrid_internal.exact_weeks is 'Trips a week of a selection, nothing withheld';

-- select * from tripgrid_internal.exact_weeks(tripgrid_internal.selection_of(st_makeenvelope(7.6, 45.0, 7.7, 45.1), 'origin', null, null, null, null, array[7, 8, 9], null)) order by week;
