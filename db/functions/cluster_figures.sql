-- The figures of some clusters, from their trips: medians do not add up, so no rollup has them.
--
-- In:     as tripgrid.cluster_groups, cells of five characters at least; i, o, d, h, the groups that make up each cluster, numbered from 1:
--         all groups of its origin cells, destination cells and hour that have trips
-- Out:    i; trips; mean origin and destination; mean and median of durations in seconds (null if no trip has one, or fewer than
--         TRIPGRID_MIN_TRIPS) and of great-circle distances in metres
-- Errors: none of its own
--
-- Each cluster by itself, by the index on clusters; the planner gives a UNION ALL to several processes. What is in the columnstore has
-- no index, and is gone through once.
create or replace function tripgrid.cluster_figures(
  asked geometry, cells text[], inside boolean[], match text, source text, region text, opens timestamp, closes timestamp,
  hours integer[], days integer[], size integer, i integer[], o text[], d text[], h integer[])
returns table (cluster integer, trips bigint, origin geometry, destination geometry, mean_duration_s double precision,
               median_duration_s double precision, mean_distance_m double precision, median_distance_m double precision)
language plpgsql stable set search_path from current set jit = off set work_mem = '128MB' set parallel_setup_cost = 0 as $$
declare
  packed  constant timestamp := (select least(s.columnar_before, closes) from tripgrid.settings s);
  origins constant text[] := array(select distinct left(u, 5) from unnest(o) u);
  within  constant text[] := array(
    select u from unnest(origins) u
    where match = 'origin' and exists (select from unnest(cells, inside) c (cell, "inner") where c."inner" and starts_with(u, c.cell)));
  is_joined constant boolean := (select count(*) > count(distinct u) from unnest(i) u);
  columns constant text := 't.o_cell, t.d_cell, t.local_time, t.origin, t.destination, t.duration_s';
  -- A mean across the antimeridian is taken where the first cell is.
  lon     constant text := case when is_joined then 'st_x(t.%1$s) - 360 * round((st_x(t.%1$s) - c.%2$s_lon) / 360) as %2$s_lon' else 'st_x(t.%1$s) as %2$s_lon' end;
  row_of  constant text := format(
    'case when t.duration_s < 1e100 then t.duration_s end as duration_s, st_distancesphere(t.origin, t.destination) as distance_m, %s, st_y(t.origin) as o_lat, %s, st_y(t.destination) as d_lat',
    format(lon, 'origin', 'o'), format(lon, 'destination', 'd'));
  figures constant text := $f$
    count(*) as n, avg(p.o_lon) as o_lon, avg(p.o_lat) as o_lat, avg(p.d_lon) as d_lon, avg(p.d_lat) as d_lat,
    case when count(p.duration_s) >= $14 then avg(p.duration_s) end as mean_duration_s,
    case when count(p.duration_s) >= $14 then percentile_cont(0.5) within group (order by p.duration_s) end as median_duration_s,
    avg(p.distance_m) as mean_distance_m, percentile_cont(0.5) within group (order by p.distance_m) as median_distance_m $f$;
  clusters constant text := $f$
    (select u.i, min(u.h) as h, array_agg(distinct left(u.o, 5) || left(u.d, 5) || u.h::text) as keys, array_agg(distinct u.o) as os, array_agg(distinct u.d) as ds,
            st_x(st_pointfromgeohash(min(u.o))) as o_lon, st_x(st_pointfromgeohash(min(u.d))) as d_lon
     from unnest($10, $11, $12, $13) u (i, o, d, h) where u.i % 4 = any (%L) group by u.i) c $f$;
  trips_of constant text := format($f$
    select %s from (select u.key, left(u.key, 5) = any ($15) as is_inside from unnest(c.keys) u (key)) k cross join lateral (%s) t
    where %s offset 0 $f$, row_of, tripgrid.trips_of_cluster(cells, inside, match, columns, greatest(opens, packed), closes),
    case when size > 5 then 'left(t.o_cell, $7) = any (c.os) and left(t.d_cell, $7) = any (c.ds)' else 'true' end);
  made    text;
begin
  if opens < packed then
    made := format('select p.i, %s from (select c.i, t.* from %s cross join lateral (%s) t union all select c.i, %s from (%s) t join %s on %s) p group by p.i',
                   figures, replace(clusters, '%L', quote_literal('{0,1,2,3}')), trips_of, row_of,
                   tripgrid.trips_in_area(coalesce(cells, origins), coalesce(inside, array_fill(true, array[cardinality(origins)])),
                                          case when cells is null then 'origin' else match end, 'origin', columns, opens, packed),
                   replace(clusters, '%L', quote_literal('{0,1,2,3}')),
                   'date_part(''hour'', t.local_time)::int = c.h and left(t.o_cell, $7) = any (c.os) and left(t.d_cell, $7) = any (c.ds)');
  else
    made := (select string_agg(format('select c.i, f.* from %s cross join lateral (select %s from (%s) p) f',
                                      replace(clusters, '%L', quote_literal(array[part])), figures, trips_of), ' union all ')
             from generate_series(0, 3) part);
  end if;
  return query execute format($q$
    select f.i, f.n, st_point(f.o_lon - 360 * floor((f.o_lon + 180) / 360), f.o_lat, 4326),
           st_point(f.d_lon - 360 * floor((f.d_lon + 180) / 360), f.d_lat, 4326),
           f.mean_duration_s, f.median_duration_s, f.mean_distance_m, f.median_distance_m
    from (%s) f $q$, made)
  using coalesce(cells, origins), coalesce(inside, array_fill(true, array[cardinality(origins)])), source, region, hours, days, greatest(size, 5), null, asked,
        i, o, d, h, (select s.min_trips from tripgrid.settings s), within;
end
$$;
comment on function tripgrid.cluster_figures is 'The figures of some clusters, from their trips';

-- select * from tripgrid.cluster_figures(null, null, null, 'origin', null, null, '2018-05-28', '2018-06-04', null, null, 5, array[1], array['u0j2q'], array['u0j2r'], array[8]);
