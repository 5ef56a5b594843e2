-- How many trips an area sees in each week: one row a week that has any, in no particular order.
--
-- In:     area, polygon or multipolygon, degrees, longitude first; its edge belongs to it; null: everywhere
--         match, which end of a trip must lie in the area: origin, destination, both or either
--         source, region, as the trips carry them; null: all
--         from_date, to_date, local dates; the whole weeks that hold them count; null: no limit
--         hours, hours of the day (0 to 23) and days, weekdays (1 is Monday), both of the local start; null: all
-- Out:    week, its Monday, local; trips
-- Errors: TG001 for the area, TG002 for the other parameters
--
-- Planned anew with the values at hand, so that filters that are not given vanish from the plan. OFFSET 0 makes the planner
-- go from the cells to their trips: left to itself it read every trip and tried it on every cell where both ends must lie in
-- the area, 45 s over 3 million trips instead of 1.6.
create or replace function tripgrid.weekly_counts(
  area geometry default null, match text default 'origin', source text default null, region text default null,
  from_date date default null, to_date date default null, hours integer[] default null, days integer[] default null)
returns table (week date, trips bigint)
language plpgsql stable set search_path from current set plan_cache_mode = force_custom_plan as $$
#variable_conflict use_column
declare
  asked   geometry := tripgrid.checked_area(area);
  opens   timestamp := date_trunc('week', from_date::timestamp);
  closes  timestamp := date_trunc('week', to_date::timestamp) + interval '7 days';
begin
  perform tripgrid.check_filters(match, from_date, to_date, hours, days);
  if asked is null then
    return query
    select date_trunc('week', t.local_time)::date, count(*)
    from tripgrid.trips t
    where (weekly_counts.source is null or t.source = weekly_counts.source)
      and (weekly_counts.region is null or t.region = weekly_counts.region)
      and (opens is null or t.local_time >= opens)
      and (closes is null or t.local_time < closes)
      and (weekly_counts.hours is null or extract(hour from t.local_time)::int = any (weekly_counts.hours))
      and (weekly_counts.days is null or extract(isodow from t.local_time)::int = any (weekly_counts.days))
    group by 1;
    return;
  end if;
  return query
  with cover as materialized (
    -- A prefix holds its cells from itself up to, not including, itself and the character after z.
    select cell, cell || '{' as past, "inner" from tripgrid.area_cells(asked)
  ), hits as (
    select t.local_time
    from cover c
    cross join lateral (
      select * from tripgrid.trips t
      where t.o_cell >= c.cell collate "C" and t.o_cell < c.past collate "C"
        and (weekly_counts.source is null or t.source = weekly_counts.source)
        and (weekly_counts.region is null or t.region = weekly_counts.region)
        and (opens is null or t.local_time >= opens)
        and (closes is null or t.local_time < closes)
        and (weekly_counts.hours is null or extract(hour from t.local_time)::int = any (weekly_counts.hours))
        and (weekly_counts.days is null or extract(isodow from t.local_time)::int = any (weekly_counts.days))
        and (c."inner" or st_intersects(asked, t.origin))
        and (weekly_counts.match <> 'both' or st_intersects(asked, t.destination))
      offset 0) t
    where weekly_counts.match <> 'destination'
    union all
    select t.local_time
    from cover c
    cross join lateral (
      select * from tripgrid.trips t
      where t.d_cell >= c.cell collate "C" and t.d_cell < c.past collate "C"
        and (weekly_counts.source is null or t.source = weekly_counts.source)
        and (weekly_counts.region is null or t.region = weekly_counts.region)
        and (opens is null or t.local_time >= opens)
        and (closes is null or t.local_time < closes)
        and (weekly_counts.hours is null or extract(hour from t.local_time)::int = any (weekly_counts.hours))
        and (weekly_counts.days is null or extract(isodow from t.local_time)::int = any (weekly_counts.days))
        and (c."inner" or st_intersects(asked, t.destination))
        and (weekly_counts.match = 'destination' or not st_intersects(asked, t.origin))
      offset 0) t
    where weekly_counts.match in ('destination', 'either')
  )
  select date_trunc('week', h.local_time)::date, count(*) from hits h group by 1;
end
$$;
comment on function tripgrid.weekly_counts is 'Trips a week in an area, one row for each week that has any';

-- select * from tripgrid.weekly_counts(area => st_makeenvelope(7.6, 45.0, 7.7, 45.1), hours => array[7, 8, 9]) order by week;
