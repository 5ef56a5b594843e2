-- How many trips an area sees in each week whose trips are there: several rows a week, to be summed.
--
-- In:     as tripgrid.weekly_counts; asked, as tripgrid.checked_area gives it; opens and closes, local Mondays, the second not
--         included, and none of the weeks retired
--         cells and inside, the area's cover, where it is known
-- Out:    week, its Monday; trips
-- Errors: none of its own
--
-- Which way depends on what the rollups know: they hold cells by week, source and region, so hours, days and a match of both ends
-- are counted from the trips. Trips that match at either end are those at the one and those at the other, less those at both.
create or replace function tripgrid.live_counts(
  asked geometry, match text, source text, region text, opens timestamp, closes timestamp, hours integer[], days integer[],
  cells text[] default null, inside boolean[] default null)
returns table (week date, trips bigint)
language plpgsql stable set search_path from current set jit = off as $$
begin
  if hours is not null or days is not null or match = 'both' then
    return query select t.week, t.trips from tripgrid.weekly_counts_by_trip(asked, match, source, region, opens, closes, hours, days) t;
  elsif match = 'either' then
    return query
    select o.week, o.trips from tripgrid.weekly_counts_by_cell(asked, 'origin', source, region, opens, closes, cells, inside) o
    union all
    select d.week, d.trips from tripgrid.weekly_counts_by_cell(asked, 'destination', source, region, opens, closes, cells, inside) d
    union all
    select b.week, -b.trips from tripgrid.weekly_counts_by_trip(asked, 'both', source, region, opens, closes, null, null) b;
  else
    return query select p.week, p.trips from tripgrid.weekly_counts_by_cell(asked, match, source, region, opens, closes, cells, inside) p;
  end if;
end
$$;
comment on function tripgrid.live_counts is 'Trips a week in an area, of weeks whose trips are there';

-- select week, sum(trips) from tripgrid.live_counts(st_makeenvelope(7.6, 45.0, 7.7, 45.1, 4326), 'origin', null, null, '-infinity', 'infinity', null, null) group by 1;
