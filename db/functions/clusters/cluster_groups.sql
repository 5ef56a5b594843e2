-- Groups trips by origin cell, destination cell and hour. Clusters are chosen from these groups.
--
-- In:     selection, with the cells of its area and no retired week; its match is origin, destination or both. If it has no
--         area, cells, all of them inside, may still say where to search.
--         size, the characters of the cells; metric, by which the groups will be ordered: trips, distance or duration
-- Out:    o, d, h; d is null for trips of an area that have no destination; without an area these trips are left out
--         n, trips; total and count, the sum of the metric, and the number of trips in this sum
--         first and last, local times (in a rollup: Mondays) of the first and last trip. A group may have several rows; sum them.
-- Errors: none of its own
--
-- The groups are gathered in a hash table. The planner does not know how few there are, and sorted millions of trips, which took
-- twice the time. Without an area the groups come from the rollup, except for weeks that it is behind with and for queries by
-- weekday.
create or replace function tripgrid_internal.cluster_groups(selection tripgrid.selection, size integer, metric text)
returns table (o text, d text, h integer, n bigint, total double precision, count bigint, first timestamp, last timestamp)
language plpgsql stable set search_path from current set jit = off set work_mem = '128MB' set enable_sort = off as $$
declare
  from_rollup constant boolean := selection.cells is null and selection.days is null and size <= 5;
  columns constant text := 't.o_cell, t.d_cell, t.local_time'
    || case metric when 'distance' then ', t.origin, t.destination' when 'duration' then ', t.duration_s' else '' end;
  summed  constant text :=
    case metric when 'distance' then 'st_distancesphere(t.origin, t.destination)' when 'duration' then 'case when t.duration_s < 1e100 then t.duration_s end'
                else 'null::float8' end;
  behind  constant date[] := array(
    select distinct p.week from tripgrid_internal.pending_weeks p
    where from_rollup and p.week >= selection.window_start and p.week < selection.window_end);
  trips_of text;
begin
  if from_rollup then
    return query execute format($q$
      select left(r.o_cell, $2), left(r.d_cell, $2), r.hour::int, sum(r.trips)::bigint, %s, min(r.week), max(r.week)
      from tripgrid_internal.live_weekly_clusters r
      where r.week >= ($1).window_start and r.week < ($1).window_end and r.week <> all ($3::timestamp[])
        and (($1).source is null or r.source = ($1).source) and (($1).region is null or r.region = ($1).region)
        and (($1).hours is null or r.hour = any (($1).hours))
      group by 1, 2, 3 $q$,
      case metric when 'distance' then 'sum(r.distance_m), sum(r.trips)::bigint' when 'duration' then 'sum(r.duration_s), sum(r.durations)::bigint'
                  else 'null::float8, 0::bigint' end)
    using selection, size, behind;
    trips_of := (
      select string_agg(tripgrid_internal.trips_in_area(tripgrid_internal.selection_within(selection, lower(r), upper(r)), 'origin', columns, 't.d_cell is not null'),
                        ' union all ')
      from unnest((select range_agg(tsrange(b, b + interval '7 days')) from unnest(behind) b)) r);
  else
    trips_of := tripgrid_internal.trips_in_area(selection, case selection.match when 'destination' then 'destination' else 'origin' end, columns,
                                                case when selection.area is null then 't.d_cell is not null' else 'true' end);
  end if;
  if trips_of is null then
    return;
  end if;
  return query execute format($q$
    select left(t.o_cell, $2), left(t.d_cell, $2), date_part('hour', t.local_time)::int, count(*), sum(%1$s), count(%1$s),
           min(t.local_time), max(t.local_time)
    from (%2$s) t
    group by 1, 2, 3 $q$, summed, trips_of)
  using selection, size;
end
$$;
comment on function tripgrid_internal.cluster_groups is 'All groups of trips with the same origin cell, destination cell and hour';

-- select * from tripgrid_internal.cluster_groups(tripgrid_internal.selection_of(null, 'origin', null, null, '2018-05-28', '2018-06-03', null, null), 5, 'trips');
