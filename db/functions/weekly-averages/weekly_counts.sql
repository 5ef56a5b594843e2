-- Counts the trips of an area in each week: one row for each week that has trips, in no particular order.
--
-- In:     area, polygon or multipolygon, degrees, longitude first; its edge belongs to it. Null: everywhere
--         match, which end of a trip must lie in the area: origin, destination, both or either
--         source, region, as the trips carry them. Null: all
--         from_date, to_date, local dates; the whole weeks that hold them count. Null: no limit
--         hours, hours of the day (0 to 23), and days, weekdays (1 is Monday), both of the local start. Null: all
-- Out:    week, its local Monday; trips; lower and upper, the same as trips. An area's retired weeks are the exception, because
--         their trips are gone: trips is an estimate, and lower and upper enclose the exact figure.
--         If TRIPGRID_MIN_GROUP_SIZE withholds a week, all three are null.
-- Errors: TG001 for the area, TG002 for the other parameters
--
-- Counts every trip that the statement can see.
create or replace function tripgrid.weekly_counts(
  area geometry default null, match text default 'origin', source text default null, region text default null,
  from_date date default null, to_date date default null, hours integer[] default null, days integer[] default null)
returns table (week date, trips bigint, lower bigint, upper bigint)
language sql stable security definer set search_path from current as $$
  select t.week, t.trips, t.lower, t.upper
  from (select array_agg(w.week) as week, array_agg(w.trips) as trips, array_agg(w.lower) as lower, array_agg(w.upper) as upper
        from tripgrid_internal.exact_weeks(tripgrid_internal.selection_of($1, $2, $3, $4, $5, $6, $7, $8)) w) a, tripgrid_internal.suppress_small_weeks(a.week, a.trips, a.lower, a.upper) t;
$$;
comment on function tripgrid.weekly_counts is 'Trips a week in an area, one row for each week that has any';

-- select * from tripgrid.weekly_counts(area => st_makeenvelope(7.6, 45.0, 7.7, 45.1), hours => array[7, 8, 9]) order by week;
