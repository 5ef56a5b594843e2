-- Computes the figures of some clusters from their trips. Medians do not add up, so no rollup has them.
--
-- In:     selection, as tripgrid_internal.cluster_groups; size, the characters of the groups' cells
--         i, o, d, h, the groups that make up each cluster; i is the number of the cluster. They are all groups of its origin
--         cells, destination cells and hour that have trips, or one group that may have none.
--         parts, the number of parts in which they are read
-- Out:    cluster, its number; trips; figures: {"origin": [lon, lat], "destination": [lon, lat] (means), "mean_duration_s",
--         "median_duration_s" (null if no trip has one, or fewer than TRIPGRID_MIN_GROUP_SIZE), "mean_distance_m",
--         "median_distance_m" (great circle)}
-- Errors: none of its own
--
-- Each cluster is read by itself, by the index on clusters, as in tripgrid_internal.cluster_counts, and in parallel where possible. Trips
-- in the columnstore have no index, and are read in one pass. The index holds the distance: computing it took a third of the
-- time.
create or replace function tripgrid_internal.cluster_figures(
  selection tripgrid.selection, size integer, i integer[], o text[], d text[], h integer[], parts integer)
returns table (cluster integer, trips bigint, figures jsonb)
language plpgsql stable set search_path from current set jit = off set work_mem = '128MB' set parallel_setup_cost = 0
  set enable_hashjoin = on set enable_mergejoin = off set enable_seqscan = off set enable_bitmapscan = off set enable_material = off as $$
declare
  packed  constant timestamp := (select least(s.columnar_before, selection.window_end) from tripgrid.settings s);
  origins constant text[] := array(select distinct left(u, 5) from unnest(o) u);
  within  constant text[] := array(
    select u from unnest(origins) u
    where selection.match = 'origin' and exists (select from unnest(selection.cells, selection.inside) c (cell, "inner") where c."inner" and starts_with(u, c.cell)));
  is_joined constant boolean := (select count(*) > count(distinct u) from unnest(i) u);
  columns constant text := 't.o_cell, t.d_cell, t.local_time, t.origin, t.destination, t.duration_s';
  -- The same expression as in the index on clusters.
  distance constant text := $f$coalesce(st_distancesphere(t.origin, t.destination), 'NaN') as distance_m$f$;
  -- A mean across the antimeridian is computed on the side of the first cell.
  lon     constant text := case when is_joined then 'st_x(t.%1$s) - 360 * round((st_x(t.%1$s) - u.%2$s_lon) / 360) as %2$s_lon' else 'st_x(t.%1$s) as %2$s_lon' end;
  row_of  constant text := format('case when t.duration_s < 1e100 then t.duration_s end as duration_s, %s, st_y(t.origin) as o_lat, %s, st_y(t.destination) as d_lat, t.distance_m',
                                  format(lon, 'origin', 'o'), format(lon, 'destination', 'd'));
  -- Sums take a third of the time of averages. The quotient of the smallest numbers would underflow, which is an error.
  mean    constant text := 'case when abs(sum(p.%1$s)) < 1e-290 then 0 else sum(p.%1$s) / nullif(count(p.%2$s), 0) end';
  summed  constant text := format($f$
    select count(p.o_lat) as n, %1$s as o_lon, %2$s as o_lat, %3$s as d_lon, %4$s as d_lat,
           case when count(p.duration_s) >= $3 then %5$s end as mean_duration_s,
           case when count(p.duration_s) >= $3 then percentile_cont(0.5) within group (order by p.duration_s) end as median_duration_s,
           %6$s as mean_distance_m, percentile_cont(0.5) within group (order by p.distance_m) as median_distance_m, p.i
    from (%%s) p
    group by p.i $f$, format(mean, 'o_lon', 'o_lat'), format(mean, 'o_lat', 'o_lat'), format(mean, 'd_lon', 'o_lat'), format(mean, 'd_lat', 'o_lat'),
     format(mean, 'duration_s', 'duration_s'), format(mean, 'distance_m', 'o_lat'));
  is_of   constant text := tripgrid_internal.cluster_predicate(case when selection.area is not null and not origins <@ within then selection.match end,
                                                                greatest(selection.window_start, packed), selection.window_end);
  -- The cells in which the trips in the columnstore are searched.
  searched tripgrid.selection := selection;
  keys    text[];
  are_inside boolean[];
  numbers integer[];
  made    text;
begin
  if not is_joined and size <= 5 and selection.window_start >= packed then
    perform set_config('enable_hashjoin', 'off', true);
    -- In the order of the clusters' numbers, so that the trips come in this order: sorting them would take a quarter of the time.
    -- ORDER BY also has each value computed once, and unlike OFFSET 0 it allows parallel processes.
    select array_agg(u.i order by u.i), array_agg(left(u.o, 5) || left(u.d, 5) || u.h order by u.i), array_agg(left(u.o, 5) = any (within) order by u.i)
      into numbers, keys, are_inside
      from unnest(i, o, d, h) u (i, o, d, h);
    made := (
      select string_agg(format(summed, format($q$
        select k.i, %s from unnest($4, $5) with ordinality k (key, is_inside, i)
        left join (select %s, %s from tripgrid.trips t) t on %s
        where k.i %% %s = %s order by k.i$q$, row_of, columns || ', t.source, t.region', distance, is_of, parts, part)), ' union all ')
      from generate_series(0, parts - 1) part);
  else
    if selection.cells is null then
      searched.cells := origins;
      searched.inside := array_fill(true, array[cardinality(origins)]);
      searched.match := 'origin';
    end if;
    made := format('select t.* from (select distinct left(u.o, 5) || left(u.d, 5) || u.h as key, left(u.o, 5) = any ($6) as is_inside
                                     from unnest($7, $8, $9) u (o, d, h)) k
                    cross join lateral (select %s, %s from tripgrid.trips t where %s offset 0) t', columns, distance, is_of)
         || case when selection.window_start < packed then format(' union all select t.*, %s from (%s) t', distance, tripgrid_internal.trips_in_area(
                   tripgrid_internal.selection_within(searched, selection.window_start, packed), 'origin', columns)) else '' end;
    made := format($q$
      select u.i, %s from (%s) t
      join (select g.*, first_value(st_x(st_pointfromgeohash(g.o))) over w as o_lon, first_value(st_x(st_pointfromgeohash(g.d))) over w as d_lon
            from unnest($10, $7, $8, $9) g (i, o, d, h) window w as (partition by g.i order by g.o, g.d)) u
        on u.o = left(t.o_cell, $11) and u.d = left(t.d_cell, $11) and u.h = date_part('hour', t.local_time)::int$q$, row_of, made);
    made := format(summed, made);
  end if;
  return query execute format($q$
    select coalesce(($12)[f.i], f.i)::int, f.n, jsonb_build_object(
      'origin', jsonb_build_array(f.o_lon - 360 * floor((f.o_lon + 180) / 360), f.o_lat),
      'destination', jsonb_build_array(f.d_lon - 360 * floor((f.d_lon + 180) / 360), f.d_lat),
      'mean_duration_s', f.mean_duration_s, 'median_duration_s', f.median_duration_s,
      'mean_distance_m', f.mean_distance_m, 'median_distance_m', f.median_distance_m)
    from (%s) f $q$, made)
  using searched, tripgrid_internal.inner_cells(selection), (select s.min_trips from tripgrid.settings s), keys, are_inside, within,
        o, d, h, i, greatest(size, 5), numbers;
end
$$;
comment on function tripgrid_internal.cluster_figures is 'The figures of some clusters, from their trips';

-- select * from tripgrid_internal.cluster_figures(tripgrid_internal.selection_of(null, 'origin', null, null, '2018-05-28', '2018-06-03', null, null), 5, array[1], array['u0j2q'], array['u0j2r'], array[8], 1);
