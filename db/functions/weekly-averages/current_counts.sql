-- Counts the trips of a selection with an area in each week that is not retired: several rows a week, to be summed.
--
-- In:     selection, with an area and no retired week
-- Out:    week, its Monday; trips
-- Errors: none of its own
--
-- The rollups hold cells by week, source and region, so hours, days and a match of both ends are counted from the trips. Trips
-- that match at either end are those at the one plus those at the other, less those at both.
create or replace function tripgrid_internal.current_counts(selection tripgrid.selection)
returns table (week date, trips bigint)
language plpgsql stable set search_path from current set jit = off as $$
begin
  if selection.hours is not null or selection.days is not null or selection.match = 'both' then
    return query select t.week, t.trips from tripgrid_internal.weekly_counts_by_trip(selection) t;
  elsif selection.match = 'either' then
    selection.match := 'origin';
    return query select o.week, o.trips from tripgrid_internal.weekly_counts_by_cell(selection) o;
    selection.match := 'destination';
    return query select d.week, d.trips from tripgrid_internal.weekly_counts_by_cell(selection) d;
    selection.match := 'both';
    return query select b.week, -b.trips from tripgrid_internal.weekly_counts_by_trip(selection) b;
  else
    return query select p.week, p.trips from tripgrid_internal.weekly_counts_by_cell(selection) p;
  end if;
end
$$;
comment on function tripgrid_internal.current_counts is 'Trips a week of a selection with an area, of weeks whose trips are there';

-- select week, sum(trips) from tripgrid_internal.current_counts(tripgrid_internal.selection_of(st_makeenvelope(7.6, 45.0, 7.7, 45.1), 'origin', null, null, null, null, null, null)) group by 1;
