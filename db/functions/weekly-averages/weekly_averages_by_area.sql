-- Computes the average number of trips a week of each of many areas, over one common window: one row an area, in the order of the
-- list.
--
-- In:     areas, 1 to 1,000, each as the area of tripgrid.weekly_counts. They may overlap.
--         match, source, region, from_date, to_date, hours, days, as tripgrid.weekly_counts
-- Out:    area_number, from 1; window_from to average_over_weeks_with_trips, data_as_of and retired_before, as
--         tripgrid.weekly_averages. An end of the window that is not given is the first or last week with a trip in any of the
--         areas.
--         method_used, exact, or estimate if the window has retired weeks; then trips_lower, trips_upper, average_lower and
--         average_upper enclose the exact figures
--         If TRIPGRID_MIN_GROUP_SIZE withholds an area, its figures are null.
-- Errors: TG001 for an area, whose detail has "area", its number. TG002 for the other parameters
create or replace function tripgrid.weekly_averages_by_area(
  areas geometry[], match text default 'origin', source text default null, region text default null,
  from_date date default null, to_date date default null, hours integer[] default null, days integer[] default null)
returns table (area_number integer, window_from date, window_to date, trips bigint, weeks_in_window integer,
               average double precision, weeks_with_trips integer, average_over_weeks_with_trips double precision,
               method_used text, data_as_of timestamptz, trips_lower bigint, trips_upper bigint,
               average_lower double precision, average_upper double precision, retired_before date)
language plpgsql stable security definer set search_path from current set jit = off as $$
#variable_conflict use_variable
declare
  max_areas constant integer := 1000;
  asked   geometry[] := tripgrid_internal.checked_areas(areas);
  -- Checks the dates, so it comes before these.
  selection  constant tripgrid.selection := tripgrid_internal.selection_of(null, match, source, region, from_date, to_date, hours, days);
  -- Null: the end is not given.
  first_week constant date := date_trunc('week', from_date::timestamp);
  last_week  constant date := date_trunc('week', to_date::timestamp);
  retired    constant timestamp := (select s.retired_before from tripgrid.settings s);
  -- The weeks whose trips are there, and the others.
  kept       constant tripgrid.selection := tripgrid_internal.selection_within(selection, greatest(selection.window_start, retired), selection.window_end);
  archived   constant tripgrid.selection := tripgrid_internal.selection_within(selection, selection.window_start, least(selection.window_end, retired));
begin
  if coalesce(cardinality(areas), 0) not between 1 and max_areas then
    raise exception 'areas: expected 1 to % areas, but got %.', max_areas, coalesce(cardinality(areas), 0) using errcode = 'TG002';
  end if;
  return query
  with counted as materialized (
    select c.n, c.week, sum(c.trips) as trips, sum(c.low) as low, sum(c.high) as high
    from (
      select p.area_number as n, p.week, p.trips, p.trips as low, p.trips as high
      from tripgrid_internal.weekly_counts_of_areas(asked, kept) p
      where match in ('origin', 'destination') and retired < selection.window_end
      union all
      select a.n, p.week, p.trips, p.trips, p.trips
      from unnest(asked) with ordinality a (area, n)
      cross join lateral tripgrid_internal.current_counts(tripgrid_internal.selection_in(kept, a.area)) p
      where match not in ('origin', 'destination') and retired < selection.window_end
      union all
      select a.n, p.week, p.trips, p.lower, p.upper
      from unnest(asked) with ordinality a (area, n)
      cross join lateral tripgrid_internal.archived_counts(tripgrid_internal.selection_in(archived, a.area)) p
      where selection.window_start < retired) c
    group by c.n, c.week
  ), ends as (
    select coalesce(first_week, min(c.week), last_week) as window_start,
           coalesce(last_week, max(c.week), first_week) + 7 as window_end,
           -- The weeks that are in every possible window.
           greatest(coalesce((coalesce(last_week, max(c.week) filter (where c.low > 0))
                              - coalesce(first_week, min(c.week) filter (where c.low > 0))) / 7 + 1, 1), 1) as sure_weeks
    from counted c
  ), summed as (
    select a.n::integer as n, coalesce(sum(c.trips), 0)::bigint as trips, coalesce(sum(c.low), 0)::bigint as low,
           coalesce(sum(c.high), 0)::bigint as high, (count(*) filter (where c.trips > 0))::integer as weeks
    from generate_series(1, cardinality(asked)) a (n) left join counted c on c.n = a.n group by a.n
  ), shown as (
    select u.n, u.trips, u.low, u.high, u.weeks, u.is_suppressed
    from (select array_agg(s.n order by s.n) as n, array_agg(s.trips order by s.n) as trips, array_agg(s.low order by s.n) as low,
                 array_agg(s.high order by s.n) as high, array_agg(s.weeks order by s.n) as weeks,
                 tripgrid_internal.suppressed(array_agg(case when s.high < l.min_trips then s.high else s.trips end order by s.n)) as suppressed
          from summed s, tripgrid.settings l) a
    cross join lateral unnest(a.n, a.trips, a.low, a.high, a.weeks, a.suppressed) u (n, trips, low, high, weeks, is_suppressed)
  )
  select t.n, e.window_start, e.window_end, case when not t.is_suppressed then t.trips end, coalesce((e.window_end - e.window_start) / 7, 0),
         case when not t.is_suppressed then t.trips::float8 / ((e.window_end - e.window_start) / 7) end,
         case when not t.is_suppressed then t.weeks end, case when not t.is_suppressed then t.trips::float8 / nullif(t.weeks, 0) end,
         case when b.is_bounded then 'estimate' else 'exact' end, statement_timestamp(),
         case when b.is_bounded and not t.is_suppressed then t.low end, case when b.is_bounded and not t.is_suppressed then t.high end,
         case when b.is_bounded and not t.is_suppressed then t.low::float8 / ((e.window_end - e.window_start) / 7) end,
         case when b.is_bounded and not t.is_suppressed then t.high::float8 / e.sure_weeks end,
         case when e.window_start < retired then retired::date end
  from shown t cross join ends e cross join (select bool_or(s.low < s.high) as is_bounded from summed s) b
  order by t.n;
end
$$;
comment on function tripgrid.weekly_averages_by_area is 'How many trips a week, on average, each of many areas sees, over one common window';

-- select * from tripgrid.weekly_averages_by_area(array[st_makeenvelope(7.6, 45.0, 7.7, 45.1), tripgrid.region_boundary('Turin')]);
