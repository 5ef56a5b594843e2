-- All groups of trips with the same origin cell, destination cell and hour: what clusters are chosen from.
--
-- In:     asked, as tripgrid.checked_area gives it, with its cells and inside, as tripgrid.area_cover gives them; null: no area, but
--         cells, all of them inside, may still say where to look
--         match, origin, destination or both; source, region, hours, days, as tripgrid.weekly_counts
--         opens and closes, local Mondays, the second not included, none of the weeks retired
--         size, the characters of the cells; metric, what the groups are to be ordered by: trips, distance or duration
-- Out:    o, d, h; d is null for trips of an area that have no destination, and without an area these are left out
--         n, trips; total and count, the sum of the metric, and of how many trips
--         first and last, local times (in a rollup: Mondays) of the first and last of them. A group may come in several rows, to be summed.
-- Errors: none of its own
--
-- They are gathered in a hash table: not knowing how few groups there are, the planner sorted millions of trips, twice the time.
-- Without an area the rollup has them, but for the weeks that it is behind with and where weekdays are asked for.
create or replace function tripgrid.cluster_groups(
  asked geometry, cells text[], inside boolean[], match text, source text, region text, opens timestamp, closes timestamp,
  hours integer[], days integer[], size integer, metric text)
returns table (o text, d text, h integer, n bigint, total double precision, count bigint, first timestamp, last timestamp)
language plpgsql stable set search_path from current set jit = off set work_mem = '128MB' set enable_sort = off as $$
declare
  from_rollup constant boolean := cells is null and days is null and size <= 5;
  columns constant text := 't.o_cell, t.d_cell, t.local_time'
    || case metric when 'distance' then ', t.origin, t.destination' when 'duration' then ', t.duration_s' else '' end;
  summed  constant text :=
    case metric when 'distance' then 'st_distancesphere(t.origin, t.destination)' when 'duration' then 'case when t.duration_s < 1e100 then t.duration_s end'
                else 'null::float8' end;
  behind  constant date[] := array(
    select distinct p.week from tripgrid.pending_weeks p where from_rollup and p.week >= opens and p.week < closes);
  trips_of text;
begin
  if from_rollup then
    return query execute format($q$
      select left(r.o_cell, $7), left(r.d_cell, $7), r.hour::int, sum(r.trips)::bigint, %s, min(r.week), max(r.week)
      from tripgrid.live_weekly_clusters r
      where r.week >= $1 and r.week < $2 and r.week <> all ($8::timestamp[])
        and ($3 is null or r.source = $3) and ($4 is null or r.region = $4) and ($5 is null or r.hour = any ($5))
      group by 1, 2, 3 $q$,
      case metric when 'distance' then 'sum(r.distance_m), sum(r.trips)::bigint' when 'duration' then 'sum(r.duration_s), sum(r.durations)::bigint'
                  else 'null::float8, 0::bigint' end)
    using opens, closes, source, region, hours, days, size, behind;
    trips_of := (
      select string_agg(tripgrid.trips_in_area(null, null, match, 'origin', columns, lower(r), upper(r), 't.d_cell is not null'), ' union all ')
      from unnest((select range_agg(tsrange(b, b + interval '7 days')) from unnest(behind) b)) r);
  else
    trips_of := tripgrid.trips_in_area(cells, inside, match, case match when 'destination' then 'destination' else 'origin' end, columns, opens, closes,
                                       case when asked is null then 't.d_cell is not null' else 'true' end);
  end if;
  if trips_of is null then
    return;
  end if;
  return query execute format($q$
    select left(t.o_cell, $7), left(t.d_cell, $7), date_part('hour', t.local_time)::int, count(*), sum(%1$s), count(%1$s),
           min(t.local_time), max(t.local_time)
    from (%2$s) t
    group by 1, 2, 3 $q$, summed, trips_of)
  using cells, inside, source, region, hours, days, size, null, asked;
end
$$;
comment on function tripgrid.cluster_groups is 'All groups of trips with the same origin cell, destination cell and hour';

-- select * from tripgrid.cluster_groups(null, null, null, 'origin', null, null, '2018-05-28', '2018-06-04', null, null, 5, 'trips');
