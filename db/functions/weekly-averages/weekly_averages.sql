-- Computes the average number of trips a week in an area: one row.
--
-- In:     as tripgrid.weekly_counts; method, exact or estimate
-- Out:    window_from, window_to, the window: local Mondays, window_to not included. It is the whole weeks that hold from_date
--         and to_date. An end that is not given is the first or last week with a trip of the selection; for an estimate, the
--         first or last week that may have one. Both are null if neither is given and no trip was found.
--         trips, in the window; weeks_in_window, weeks without trips included; average, trips / weeks_in_window (null without a
--         window); weeks_with_trips; average_over_weeks_with_trips (null if there are none)
--         method_used, exact or estimate; an exact query gets an estimate of an area's retired weeks
--         data_as_of, every trip committed before this instant is counted
--         weeks, every week of the window: [{"week": "2018-W18", "start": "2018-04-30", "trips": 8}, …]; for an estimate with
--         "trips_bounds": [lower, upper]
--         …_lower and …_upper, for an estimate the bounds of the exact figures; those of the averages hold for every possible
--         window
--         If TRIPGRID_MIN_GROUP_SIZE withholds a week, its trips are null and it has no bounds. If all trips together are fewer
--         than that minimum, trips, the averages and all bounds are null.
--         retired_before, if the window has retired weeks: the first week that is not retired
-- Errors: as tripgrid.weekly_counts
create or replace function tripgrid.weekly_averages(
  area geometry default null, match text default 'origin', source text default null, region text default null,
  from_date date default null, to_date date default null, hours integer[] default null, days integer[] default null,
  method text default 'exact')
returns table (window_from date, window_to date, trips bigint, weeks_in_window integer, average double precision,
               weeks_with_trips integer, average_over_weeks_with_trips double precision,
               method_used text, data_as_of timestamptz, weeks jsonb,
               trips_lower bigint, trips_upper bigint, average_lower double precision, average_upper double precision,
               weeks_with_trips_lower integer, weeks_with_trips_upper integer,
               average_over_weeks_with_trips_lower double precision, average_over_weeks_with_trips_upper double precision,
               retired_before date)
language plpgsql stable security definer set search_path from current as $$
#variable_conflict use_column
declare
  selection  tripgrid.selection;
  -- Null: the end is not given.
  first_week date;
  last_week  date;
  is_estimate boolean := method = 'estimate';
begin
  if method is null or method not in ('exact', 'estimate') then
    raise exception 'method: expected exact or estimate, but got %.', method using errcode = 'TG002';
  end if;
  selection := tripgrid_internal.selection_of(area, match, source, region, from_date, to_date, hours, days);
  first_week := date_trunc('week', from_date::timestamp);
  last_week := date_trunc('week', to_date::timestamp);
  return query
  with counted as materialized (
    select c.week, c.trips, c.lower as low, c.upper as high
    from tripgrid_internal.exact_weeks(selection) c where not is_estimate
    union all
    select e.week, e.trips, e.lower, e.upper
    from tripgrid_internal.estimated_weeks(selection) e where is_estimate
  ), ends as (
    select coalesce(first_week, min(c.week), last_week) as first, coalesce(last_week, max(c.week), first_week) as last,
           is_estimate or coalesce(bool_or(c.low < c.high), false) as is_bounded,
           -- The weeks that are in every possible window.
           coalesce(first_week, min(c.week) filter (where c.low > 0)) as sure_first,
           coalesce(last_week, max(c.week) filter (where c.low > 0)) as sure_last
    from counted c
  ), dense as (
    select d::date as week, coalesce(c.trips, 0) as trips, coalesce(c.low, 0) as low, coalesce(c.high, 0) as high
    from ends e
    cross join lateral generate_series(e.first::timestamp, e.last::timestamp, interval '7 days') d
    left join counted c on c.week = d::date
  ), shown as (
    select t.week, t.trips is null as is_suppressed
    from (select array_agg(d.week) as week, array_agg(d.trips) as trips, array_agg(d.low) as low, array_agg(d.high) as high from dense d) a,
         tripgrid_internal.suppress_small_weeks(a.week, a.trips, a.low, a.high) t
  ), total as (
    select coalesce(sum(d.trips), 0)::bigint as trips, count(*)::int as weeks_in_window,
           coalesce(sum(d.low), 0)::bigint as low, coalesce(sum(d.high), 0)::bigint as high,
           (count(*) filter (where d.trips > 0))::int as with_trips,
           (count(*) filter (where d.low > 0))::int as with_low, (count(*) filter (where d.high > 0))::int as with_high,
           coalesce(jsonb_agg(jsonb_build_object('week', to_char(d.week, 'IYYY"-W"IW'), 'start', d.week,
                                                 'trips', case when not w.is_suppressed then d.trips end)
                              || case when e.is_bounded and not w.is_suppressed then jsonb_build_object('trips_bounds', jsonb_build_array(d.low, d.high))
                                      else '{}' end
                              order by d.week), '[]') as weeks
    from dense d join shown w using (week) cross join ends e
  ), judged as (
    select case when t.high < s.min_trips then t.high else t.trips end between 1 and s.min_trips - 1 as is_suppressed
    from total t, tripgrid.settings s
  )
  select e.first, e.last + 7, case when not j.is_suppressed then t.trips end, t.weeks_in_window,
         case when not j.is_suppressed then t.trips::float8 / nullif(t.weeks_in_window, 0) end,
         t.with_trips, case when not j.is_suppressed then t.trips::float8 / nullif(t.with_trips, 0) end,
         case when e.is_bounded then 'estimate' else 'exact' end, statement_timestamp(), t.weeks,
         b.trips_lower, b.trips_upper, b.average_lower, b.average_upper, b.with_lower, b.with_upper, b.average_with_lower, b.average_with_upper,
         (select s.retired_before from tripgrid.settings s where e.first < s.retired_before)
  from ends e cross join total t cross join judged j
  left join lateral (
    select t.low as trips_lower, t.high as trips_upper,
           t.low::float8 / nullif(t.weeks_in_window, 0) as average_lower,
           t.high::float8 / greatest((e.sure_last - e.sure_first) / 7 + 1, 1) as average_upper,
           t.with_low as with_lower, t.with_high as with_upper,
           t.low::float8 / nullif(t.with_high, 0) as average_with_lower,
           t.high::float8 / greatest(t.with_low, 1) as average_with_upper) b on e.is_bounded and not j.is_suppressed;
end
$$;
comment on function tripgrid.weekly_averages is 'How many trips a week, on average, in an area';

-- select * from tripgrid.weekly_averages(area => st_makeenvelope(7.6, 45.0, 7.7, 45.1));
-- select * from tripgrid.weekly_averages(area => st_makeenvelope(7.6, 45.0, 7.7, 45.1), method => 'estimate');
