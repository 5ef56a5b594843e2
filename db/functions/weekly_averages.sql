-- How many trips a week, on average, in an area: one row.
--
-- In:     as tripgrid.weekly_counts; method, exact or estimate
-- Out:    window_from, window_to, the window: Mondays, local, the second one not included. It is the whole weeks that hold
--         from_date and to_date; an end that is not given is the first or last week that has a trip of the selection, of an
--         estimate the first or last that may have one. Both are null where neither is given and no trip was found.
--         trips, in the window; weeks_in_window, weeks without trips included; average, trips / weeks_in_window (null
--         without a window); weeks_with_trips; average_over_weeks_with_trips (null if there are none)
--         method_used, exact or estimate; an exact question about retired weeks of an area gets an estimate of those weeks
--         data_as_of, every trip committed before this instant is counted
--         weeks, every week of the window: [{"week": "2018-W18", "start": "2018-04-30", "trips": 8}, …], of an estimate
--         with "trips_bounds": [lower, upper]
--         …_lower and …_upper, bounds of the exact figures, for an estimate; those of the averages hold for every window it
--         could be
--         Where TRIPGRID_MIN_TRIPS withholds a week of fewer trips, its trips are null and it has no bounds; where all trips
--         together are fewer, so are they, their averages and bounds.
--         retired_before, if the window has retired weeks: the first that is none
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
  opens  date;
  closes date;
  is_estimate boolean := method = 'estimate';
begin
  if method is null or method not in ('exact', 'estimate') then
    raise exception 'method: expected exact or estimate, but got %.', method using errcode = 'TG002';
  end if;
  perform tripgrid.check_filters(match, from_date, to_date, hours, days);
  opens := date_trunc('week', from_date::timestamp);
  closes := date_trunc('week', to_date::timestamp) + interval '7 days';
  return query
  with counted as materialized (
    select c.week, c.trips, c.lower as low, c.upper as high
    from tripgrid.exact_weeks($1, $2, $3, $4, $5, $6, $7, $8) c where not is_estimate
    union all
    select e.week, e.trips, e.lower, e.upper
    from tripgrid.estimated_weeks($1, $2, $3, $4, $5, $6, $7, $8) e where is_estimate
  ), ends as (
    select coalesce(opens, min(c.week), closes - 7) as first, coalesce(closes - 7, max(c.week), opens) as last,
           is_estimate or coalesce(bool_or(c.low < c.high), false) as is_bounded,
           -- The weeks that are in every window it could be.
           coalesce(opens, min(c.week) filter (where c.low > 0)) as sure_first,
           coalesce(closes - 7, max(c.week) filter (where c.low > 0)) as sure_last
    from counted c
  ), dense as (
    select d::date as week, coalesce(c.trips, 0) as trips, coalesce(c.low, 0) as low, coalesce(c.high, 0) as high
    from ends e
    cross join lateral generate_series(e.first::timestamp, e.last::timestamp, interval '7 days') d
    left join counted c on c.week = d::date
  ), told as (
    select t.week, t.trips is null as is_withheld
    from (select array_agg(d.week) as week, array_agg(d.trips) as trips, array_agg(d.low) as low, array_agg(d.high) as high from dense d) a,
         tripgrid.told_weeks(a.week, a.trips, a.low, a.high) t
  ), total as (
    select coalesce(sum(d.trips), 0)::bigint as trips, count(*)::int as weeks_in_window,
           coalesce(sum(d.low), 0)::bigint as low, coalesce(sum(d.high), 0)::bigint as high,
           (count(*) filter (where d.trips > 0))::int as with_trips,
           (count(*) filter (where d.low > 0))::int as with_low, (count(*) filter (where d.high > 0))::int as with_high,
           coalesce(jsonb_agg(jsonb_build_object('week', to_char(d.week, 'IYYY"-W"IW'), 'start', d.week,
                                                 'trips', case when not w.is_withheld then d.trips end)
                              || case when e.is_bounded and not w.is_withheld then jsonb_build_object('trips_bounds', jsonb_build_array(d.low, d.high))
                                      else '{}' end
                              order by d.week), '[]') as weeks
    from dense d join told w using (week) cross join ends e
  ), judged as (
    select case when t.high < s.min_trips then t.high else t.trips end between 1 and s.min_trips - 1 as is_withheld
    from total t, tripgrid.settings s
  )
  select e.first, e.last + 7, case when not j.is_withheld then t.trips end, t.weeks_in_window,
         case when not j.is_withheld then t.trips::float8 / nullif(t.weeks_in_window, 0) end,
         t.with_trips, case when not j.is_withheld then t.trips::float8 / nullif(t.with_trips, 0) end,
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
           t.high::float8 / greatest(t.with_low, 1) as average_with_upper) b on e.is_bounded and not j.is_withheld;
end
$$;
comment on function tripgrid.weekly_averages is 'How many trips a week, on average, in an area';

-- select * from tripgrid.weekly_averages(area => st_makeenvelope(7.6, 45.0, 7.7, 45.1));
-- select * from tripgrid.weekly_averages(area => st_makeenvelope(7.6, 45.0, 7.7, 45.1), method => 'estimate');
