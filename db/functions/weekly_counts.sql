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
-- Counts every trip that the statement can see. Which way depends on what the rollups know: they hold cells by week, source and
-- region, so hours, days and a match of both ends are counted from the trips. Trips that match at either end are those at
-- the one and those at the other, less those at both.
create or replace function tripgrid.weekly_counts(
  area geometry default null, match text default 'origin', source text default null, region text default null,
  from_date date default null, to_date date default null, hours integer[] default null, days integer[] default null)
returns table (week date, trips bigint)
language plpgsql stable set search_path from current set jit = off as $$
#variable_conflict use_variable
declare
  asked  geometry := tripgrid.checked_area(area);
  opens  timestamp;
  closes timestamp;
begin
  perform tripgrid.check_filters(match, from_date, to_date, hours, days);
  opens := coalesce(date_trunc('week', from_date::timestamp), '-infinity');
  closes := coalesce(date_trunc('week', to_date::timestamp) + interval '7 days', 'infinity');
  if asked is null then
    return query select r.week, sum(r.trips)::bigint
                 from tripgrid.weekly_counts_of_regions(source, region, opens, closes, hours, days) r group by r.week;
  elsif hours is not null or days is not null or match = 'both' then
    return query select t.week, sum(t.trips)::bigint
                 from tripgrid.weekly_counts_by_trip(asked, match, source, region, opens, closes, hours, days) t group by t.week;
  elsif match = 'either' then
    return query
    select p.week, sum(p.trips)::bigint
    from (select o.week, o.trips from tripgrid.weekly_counts_by_cell(asked, 'origin', source, region, opens, closes) o
          union all
          select d.week, d.trips from tripgrid.weekly_counts_by_cell(asked, 'destination', source, region, opens, closes) d
          union all
          select b.week, -b.trips
          from tripgrid.weekly_counts_by_trip(asked, 'both', source, region, opens, closes, null, null) b) p
    group by p.week;
  else
    return query select p.week, sum(p.trips)::bigint
                 from tripgrid.weekly_counts_by_cell(asked, match, source, region, opens, closes) p group by p.week;
  end if;
end
$$;
comment on function tripgrid.weekly_counts is 'Trips a week in an area, one row for each week that has any';

-- select * from tripgrid.weekly_counts(area => st_makeenvelope(7.6, 45.0, 7.7, 45.1), hours => array[7, 8, 9]) order by week;
