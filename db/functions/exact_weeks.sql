-- How many trips an area sees in each week, whatever may be told of them: what tripgrid.weekly_counts and others answer from.
--
-- In:     as tripgrid.weekly_counts
-- Out:    as tripgrid.weekly_counts, nothing withheld
-- Errors: TG001 for the area, TG002 for the other parameters
--
-- Counts every trip that the statement can see.
create or replace function tripgrid.exact_weeks(
  area geometry, match text, source text, region text, from_date date, to_date date, hours integer[], days integer[])
returns table (week date, trips bigint, lower bigint, upper bigint)
language plpgsql stable set search_path from current set jit = off as $$
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
comment on function tripgrid.exact_weeks is 'Trips a week in an area, nothing withheld';

-- select * from tripgrid.exact_weeks(st_makeenvelope(7.6, 45.0, 7.7, 45.1), 'origin', null, null, null, null, array[7, 8, 9], null) order by week;
