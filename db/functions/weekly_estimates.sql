-- About how many trips an area sees in each week, with bounds that enclose the exact figure: one row a week that may have
-- any, in no particular order. Takes as long as its cells do, however many trips they hold.
--
-- In:     as tripgrid.weekly_counts
-- Out:    week, its Monday, local; trips, the estimate; lower and upper, bounds of the exact figure
--         A week that is missing has no trip. Where the rollups do not know what is asked (hours, days, a match of both or
--         either end, no area, weeks that are counted anew) these are what tripgrid.weekly_counts gives.
--         Where TRIPGRID_MIN_TRIPS withholds weeks of fewer trips all three are null.
-- Errors: as tripgrid.weekly_counts
create or replace function tripgrid.weekly_estimates(
  area geometry default null, match text default 'origin', source text default null, region text default null,
  from_date date default null, to_date date default null, hours integer[] default null, days integer[] default null)
returns table (week date, trips bigint, lower bigint, upper bigint)
language sql stable security definer set search_path from current as $$
  select t.week, t.trips, t.lower, t.upper
  from (select array_agg(w.week) as week, array_agg(w.trips) as trips, array_agg(w.lower) as lower, array_agg(w.upper) as upper
        from tripgrid.estimated_weeks($1, $2, $3, $4, $5, $6, $7, $8) w) a, tripgrid.told_weeks(a.week, a.trips, a.lower, a.upper) t;
$$;
comment on function tripgrid.weekly_estimates is 'About how many trips a week an area sees, with bounds that enclose the exact figure';

-- select * from tripgrid.weekly_estimates(area => st_makeenvelope(7.6, 45.0, 7.7, 45.1)) order by week;
