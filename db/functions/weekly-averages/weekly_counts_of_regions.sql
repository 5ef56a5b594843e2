-- Counts the trips of each region in each week, for queries without an area. Weeks that the rollup is behind with are counted
-- from the trips, all others from the rollup.
--
-- In:     selection, without an area
-- Out:    region, null for trips without one; week, its Monday; trips
-- Errors: none of its own
create or replace function tripgrid_internal.weekly_counts_of_regions(selection tripgrid.selection)
returns table (region text, week date, trips bigint)
language plpgsql stable set search_path from current set plan_cache_mode = force_custom_plan set jit = off as $$
#variable_conflict use_column
declare
  behind date[] := array(
    select distinct p.week from tripgrid_internal.pending_weeks p, tripgrid.settings s
    where p.week >= greatest(selection.window_start, s.retired_before) and p.week < selection.window_end);
  run    tsrange;
begin
  return query
  select r.region, date_trunc('week', r.hour)::date, sum(r.trips)::bigint
  from tripgrid_internal.hourly_regions r
  where r.hour >= selection.window_start and r.hour < selection.window_end
    and (selection.source is null or r.source = selection.source)
    and (selection.region is null or r.region = selection.region)
    and (selection.hours is null or extract(hour from r.hour)::int = any (selection.hours))
    and (selection.days is null or extract(isodow from r.hour)::int = any (selection.days))
    and date_trunc('week', r.hour)::date <> all (behind)
  group by 1, 2;
  -- One run of weeks at a time: two weeks of different years must not make it read the years between them.
  for run in select r from unnest((select range_agg(tsrange(b, b + interval '7 days')) from unnest(behind) b)) r loop
    return query
    select t.region, date_trunc('week', t.local_time)::date, count(*)
    from tripgrid.trips t
    where t.local_time >= lower(run) and t.local_time < upper(run)
      and (selection.source is null or t.source = selection.source)
      and (selection.region is null or t.region = selection.region)
      and (selection.hours is null or extract(hour from t.local_time)::int = any (selection.hours))
      and (selection.days is null or extract(isodow from t.local_time)::int = any (selection.days))
    group by 1, 2;
  end loop;
end
$$;
comment on function tripgrid_internal.weekly_counts_of_regions is 'Trips a week of each region';

-- select * from tripgrid_internal.weekly_counts_of_regions(tripgrid_internal.selection_of(null, 'origin', null, 'Turin', null, null, array[7, 8, 9], null));
