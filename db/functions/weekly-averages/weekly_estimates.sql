-- Estimates the trips of an area in each week, with bounds that enclose the exact figure: one row for each week that may have
-- trips, in no particular order. Its run time depends on the number of cells and not on the number of trips.
--
-- In:     as tripgrid.weekly_counts
-- Out:    week, its local Monday; trips, the estimate; lower and upper, bounds of the exact figure. A week without a row has no
--         trip.
--         The rollups cannot answer hours, days, a match of both or either end, no area, or weeks that are being counted again.
--         Then the result is that of tripgrid.weekly_counts.
--         If TRIPGRID_MIN_GROUP_SIZE withholds a week, trips, lower and upper are null.
-- Errors: as tripgrid.weekly_counts
create or replace function tripgrid.weekly_estimates(
  area geometry default null, match text default 'origin', source text default null, region text default null,
  from_date date default null, to_date date default null, hours integer[] default null, days integer[] default null)
returns table (week date, trips bigint, lower bigint, upper bigint)
language sql stable security definer set search_path from current as $$
  select t.week, t.trips, t.lower, t.upper
  from (select array_agg(w.week) as week, array_agg(w.trips) as trips, array_agg(w.lower) as lower, array_agg(w.upper) as upper
        from tripgrid_internal.estimated_weeks(tripgrid_internal.selection_of($1, $2, $3, $4, $5, $6, $7, $8)) w) a, tripgrid_internal.suppress_small_weeks(a.week, a.trips, a.lower, a.upper) t;
$$;
comment on function tripgrid.weekly_estimates is 'About how many trips a week an area sees, with bounds that enclose the exact figure';

-- select * from tripgrid.weekly_estimates(area => st_makeenvelope(7.6, 45.0, 7.7, 45.1)) order by week;
