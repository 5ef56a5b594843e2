-- Computes the average number of trips a week of each region, over one common window: one row a region, the region with most
-- trips first. Trips without a region have a row of their own, with region null.
--
-- In:     source, from_date, to_date, hours, days, as tripgrid.weekly_counts
-- Out:    region; window_from to average_over_weeks_with_trips, and data_as_of, as tripgrid.weekly_averages. An end of the window
--         that is not given is the first or last week with a trip of any region.
--         If TRIPGRID_MIN_GROUP_SIZE withholds a region, its figures are null.
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
  -- Checks the dates, so it comes first.
  selection  constant tripgrid.selection := tripgrid_internal.selection_of(null, 'origin', source, null, from_date, to_date, hours, days);
  -- Null: the end is not given.
  first_week constant date := date_trunc('week', from_date::timestamp);
  last_week  constant date := date_trunc('week', to_date::timestamp);
begin
  return query
  with counted as materialized (
    select c.region, c.week, sum(c.trips) as trips
    from tripgrid_internal.weekly_counts_of_regions(selection) c
    group by c.region, c.week
  ), ends as (
    select coalesce(first_week, min(c.week)) as window_start, coalesce(last_week + 7, max(c.week) + 7) as window_end from counted c
  ), summed as (
    select c.region, sum(c.trips)::bigint as trips, count(*)::int as weeks from counted c group by c.region
  ), shown as (
    select u.region, u.weeks, case when not u.is_suppressed then u.trips end as trips
    from (select array_agg(s.region order by s.region) as region, array_agg(s.weeks order by s.region) as weeks,
                 array_agg(s.trips order by s.region) as trips, tripgrid_internal.suppressed(array_agg(s.trips order by s.region)) as suppressed from summed s) a
    cross join lateral unnest(a.region, a.weeks, a.trips, a.suppressed) u (region, weeks, trips, is_suppressed)
  )
  select t.region, e.window_start, e.window_end, t.trips, (e.window_end - e.window_start) / 7, t.trips::float8 / ((e.window_end - e.window_start) / 7),
         case when t.trips is not null then t.weeks end, t.trips::float8 / t.weeks, statement_timestamp()
  from shown t cross join ends e
  order by t.trips desc nulls last, t.region;
end
$$;
comment on function tripgrid.weekly_averages_by_region is 'How many trips a week, on average, each region sees, over one common window';

-- select * from tripgrid.weekly_averages_by_region(days => array[1, 2, 3, 4, 5]);
