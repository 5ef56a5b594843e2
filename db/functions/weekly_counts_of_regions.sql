-- How many trips each region sees in each week: for questions without an area. Weeks that the rollup is behind with are counted
-- from the trips, all others from the rollup.
--
-- In:     only_source, only_region, null: all; hours, days, as tripgrid.weekly_counts; opens and closes, local Mondays, the second not included
-- Out:    region, null for trips without one; week, its Monday; trips
-- Errors: none of its own
create or replace function tripgrid.weekly_counts_of_regions(
  only_source text, only_region text, opens timestamp, closes timestamp, hours integer[], days integer[])
returns table (region text, week date, trips bigint)
language plpgsql stable set search_path from current set plan_cache_mode = force_custom_plan set jit = off as $$
#variable_conflict use_column
declare
  behind date[] := array(
    select distinct p.week from tripgrid.pending_weeks p, tripgrid.settings s
    where p.week >= greatest(opens, s.retired_before) and p.week < closes);
  run    tsrange;
begin
  return query
  select r.region, date_trunc('week', r.hour)::date, sum(r.trips)::bigint
  from tripgrid.hourly_regions r
  where r.hour >= opens and r.hour < closes
    and (only_source is null or r.source = only_source)
    and (only_region is null or r.region = only_region)
    and (hours is null or extract(hour from r.hour)::int = any (hours))
    and (days is null or extract(isodow from r.hour)::int = any (days))
    and date_trunc('week', r.hour)::date <> all (behind)
  group by 1, 2;
  -- Run by run: two weeks of different years must not make it read the years between.
  for run in select r from unnest((select range_agg(tsrange(b, b + interval '7 days')) from unnest(behind) b)) r loop
    return query
    select t.region, date_trunc('week', t.local_time)::date, count(*)
    from tripgrid.trips t
    where t.local_time >= lower(run) and t.local_time < upper(run)
      and (only_source is null or t.source = only_source)
      and (only_region is null or t.region = only_region)
      and (hours is null or extract(hour from t.local_time)::int = any (hours))
      and (days is null or extract(isodow from t.local_time)::int = any (days))
    group by 1, 2;
  end loop;
end
$$;
comment on function tripgrid.weekly_counts_of_regions is 'Trips a week of each region';

-- select * from tripgrid.weekly_counts_of_regions(null, 'Turin', '-infinity', 'infinity', array[7, 8, 9], null);
