-- How many trips a week, on average, in an area: one row.
--
-- In:     as tripgrid.weekly_counts
-- Out:    window_from, window_to, the window: Mondays, local, the second one not included. It is the whole weeks that hold
--         from_date and to_date; an end that is not given is the first or last week that has a trip of the selection.
--         Both are null where neither is given and no trip was found.
--         trips, in the window; weeks_in_window, weeks without trips included; average, trips / weeks_in_window (null
--         without a window); weeks_with_trips; average_over_weeks_with_trips (null if there are none)
--         method, exact; data_as_of, every trip committed before this instant is counted
--         weeks, every week of the window: [{"week": "2018-W18", "start": "2018-04-30", "trips": 8}, …]
-- Errors: as tripgrid.weekly_counts
create or replace function tripgrid.weekly_averages(
  area geometry default null, match text default 'origin', source text default null, region text default null,
  from_date date default null, to_date date default null, hours integer[] default null, days integer[] default null)
returns table (window_from date, window_to date, trips bigint, weeks_in_window integer, average double precision,
               weeks_with_trips integer, average_over_weeks_with_trips double precision,
               method text, data_as_of timestamptz, weeks jsonb)
language sql stable set search_path from current as $$
  with counted as materialized (
    select c.week, c.trips
    from tripgrid.weekly_counts(area, match, source, region, from_date, to_date, hours, days) c
  ), ends as (
    select coalesce(date_trunc('week', from_date::timestamp)::date, min(c.week), date_trunc('week', to_date::timestamp)::date) as opens,
           coalesce(date_trunc('week', to_date::timestamp)::date, max(c.week), date_trunc('week', from_date::timestamp)::date) + 7 as closes
    from counted c
  ), dense as (
    select d::date as week, coalesce(c.trips, 0) as trips
    from ends e
    cross join lateral generate_series(e.opens::timestamp, e.closes - interval '7 days', interval '7 days') d
    left join counted c on c.week = d::date
  ), total as (
    select coalesce(sum(d.trips), 0)::bigint as trips, count(*)::int as weeks_in_window,
           (count(*) filter (where d.trips > 0))::int as weeks_with_trips,
           coalesce(jsonb_agg(jsonb_build_object('week', to_char(d.week, 'IYYY"-W"IW'), 'start', d.week, 'trips', d.trips)
                              order by d.week), '[]') as weeks
    from dense d
  )
  select e.opens, e.closes, t.trips, t.weeks_in_window, t.trips::double precision / nullif(t.weeks_in_window, 0),
         t.weeks_with_trips, t.trips::double precision / nullif(t.weeks_with_trips, 0),
         'exact', statement_timestamp(), t.weeks
  from ends e cross join total t;
$$;
comment on function tripgrid.weekly_averages is 'How many trips a week, on average, in an area';

-- select * from tripgrid.weekly_averages(area => st_makeenvelope(7.6, 45.0, 7.7, 45.1));
-- select * from tripgrid.weekly_averages(area => st_makeenvelope(7.6, 45.0, 7.7, 45.1), days => array[6, 7], match => 'either');
