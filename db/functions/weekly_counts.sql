-- How many trips an area sees in each week: one row a week that has any, in no particular order.
--
-- In:     area, polygon or multipolygon, degrees, longitude first; its edge belongs to it; null: everywhere
--         match, which end of a trip must lie in the area: origin, destination, both or either
--         source, region, as the trips carry them; null: all
--         from_date, to_date, local dates; the whole weeks that hold them count; null: no limit
--         hours, hours of the day (0 to 23) and days, weekdays (1 is Monday), both of the local start; null: all
-- Out:    week, its Monday, local; trips; lower and upper, both the same as trips, but in an area's retired weeks, whose trips are
--         gone: there trips is an estimate and these enclose the exact figure
-- Errors: TG001 for the area, TG002 for the other parameters
--
-- Counts every trip that the statement can see.
create or replace function tripgrid.weekly_counts(
  area geometry default null, match text default 'origin', source text default null, region text default null,
  from_date date default null, to_date date default null, hours integer[] default null, days integer[] default null)
returns table (week date, trips bigint, lower bigint, upper bigint)
language plpgsql stable security definer set search_path from current set jit = off as $$
#variable_conflict use_variable
declare
  asked  geometry := tripgrid.checked_area(area);
  opens  timestamp;
  closes timestamp;
  retired constant timestamp := (select s.retired_before from tripgrid.settings s);
begin
  perform tripgrid.check_filters(match, from_date, to_date, hours, days);
  opens := coalesce(date_trunc('week', from_date::timestamp), '-infinity');
  closes := coalesce(date_trunc('week', to_date::timestamp) + interval '7 days', 'infinity');
  if asked is null then
    return query
    select c.week, c.trips, c.trips, c.trips
    from (select r.week, sum(r.trips)::bigint as trips
          from tripgrid.weekly_counts_of_regions(source, region, opens, closes, hours, days) r group by r.week) c;
    return;
  end if;
  if opens < retired then
    return query
    select r.week, r.trips, r.lower, r.upper
    from tripgrid.retired_counts(asked, match, source, region, opens, least(closes, retired), hours, days) r;
    opens := retired;
  end if;
  if opens >= closes then
    return;
  end if;
  return query
  select c.week, c.trips, c.trips, c.trips
  from (select p.week, sum(p.trips)::bigint as trips
        from tripgrid.live_counts(asked, match, source, region, opens, closes, hours, days) p group by p.week) c;
end
$$;
comment on function tripgrid.weekly_counts is 'Trips a week in an area, one row for each week that has any';

-- select * from tripgrid.weekly_counts(area => st_makeenvelope(7.6, 45.0, 7.7, 45.1), hours => array[7, 8, 9]) order by week;
