-- How many trips a week, on average, each region sees, over one common window: one row a region, busiest first. Trips
-- without a region make a row of their own, with region null.
--
-- In:     source, from_date, to_date, hours, days, as tripgrid.weekly_counts
-- Out:    region, and the columns of tripgrid.weekly_averages. An end of the window that is not given is the first or last
--         week that has a trip of any region. Where TRIPGRID_MIN_TRIPS withholds regions of fewer trips, their figures are null.
-- Errors: TG002
create or replace function tripgrid.weekly_averages_by_region(
  source text default null, from_date date default null, to_date date default null,
  hours integer[] default null, days integer[] default null)
returns table (region text, window_from date, window_to date, trips bigint, weeks_in_window integer,
               average double precision, weeks_with_trips integer, average_over_weeks_with_trips double precision,
               data_as_of timestamptz)
language plpgsql stable security definer set search_path from current as $$
#variable_conflict use_variable
declare
  opens  timestamp;
  closes timestamp;
begin
  perform tripgrid.check_filters('origin', from_date, to_date, hours, days);
  opens := date_trunc('week', from_date::timestamp);
  closes := date_trunc('week', to_date::timestamp) + interval '7 days';
  return query
  with counted as materialized (
    select c.region, c.week, sum(c.trips) as trips
    from tripgrid.weekly_counts_of_regions(
      source, null, coalesce(opens, '-infinity'), coalesce(closes, 'infinity'), hours, days) c
    group by c.region, c.week
  ), ends as (
    select coalesce(opens::date, min(c.week)) as opened, coalesce(closes::date, max(c.week) + 7) as closed from counted c
  ), summed as (
    select c.region, sum(c.trips)::bigint as trips, count(*)::int as weeks from counted c group by c.region
  ), told as (
    select u.region, u.weeks, case when not u.is_withheld then u.trips end as trips
    from (select array_agg(s.region order by s.region) as region, array_agg(s.weeks order by s.region) as weeks,
                 array_agg(s.trips order by s.region) as trips, tripgrid.withheld(array_agg(s.trips order by s.region)) as hidden from summed s) a
    cross join lateral unnest(a.region, a.weeks, a.trips, a.hidden) u (region, weeks, trips, is_withheld)
  )
  select t.region, e.opened, e.closed, t.trips, (e.closed - e.opened) / 7, t.trips::float8 / ((e.closed - e.opened) / 7),
         case when t.trips is not null then t.weeks end, t.trips::float8 / t.weeks, statement_timestamp()
  from told t cross join ends e
  order by t.trips desc nulls last, t.region;
end
$$;
comment on function tripgrid.weekly_averages_by_region is 'How many trips a week, on average, each region sees, over one common window';

-- select * from tripgrid.weekly_averages_by_region(days => array[1, 2, 3, 4, 5]);
