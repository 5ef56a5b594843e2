-- The figures of some clusters, from their trips: medians do not add up, so no rollup has them.
--
-- In:     as tripgrid.cluster_groups; i, o, d, h, the groups that make up each cluster, numbered from 1
-- Out:    i; trips; mean origin and destination; mean and median of durations in seconds (null if no trip has one, or fewer than
--         TRIPGRID_MIN_TRIPS) and of great-circle
--         distances in metres
-- Errors: none of its own
create or replace function tripgrid.cluster_figures(
  asked geometry, cells text[], inside boolean[], match text, source text, region text, opens timestamp, closes timestamp,
  hours integer[], days integer[], size integer, i integer[], o text[], d text[], h integer[])
returns table (cluster integer, trips bigint, origin geometry, destination geometry, mean_duration_s double precision,
               median_duration_s double precision, mean_distance_m double precision, median_distance_m double precision)
language plpgsql stable set search_path from current set jit = off set work_mem = '128MB' as $$
declare
  origins constant text[] := array(select distinct u from unnest(o) u);
  -- Looked for by their origins, whatever is asked of them: that index has all that the figures need. Only the cells that these trips can
  -- be in; a cell of the area may be larger than theirs.
  sought  text[] := origins;
  is_in   boolean[] := array_fill(true, array[cardinality(origins)]);
begin
  if cells is not null and match <> 'destination' then
    select array_agg(u.cell), array_agg(u."inner") into sought, is_in
    from (select distinct case when length(c.cell) < size then u else c.cell end as cell, c."inner"
          from unnest(cells, inside) c (cell, "inner")
          join unnest(origins) u on left(c.cell, least(length(c.cell), size)) = left(u, length(c.cell))) u;
  end if;
  return query execute format($q$
    with picked as (
      select g.i, case when t.duration_s < 1e100 then t.duration_s end as duration_s, st_distancesphere(t.origin, t.destination) as distance_m,
             -- Counted from the middle of the first cell, so that a mean across the antimeridian is taken there.
             st_x(t.origin) - 360 * round((st_x(t.origin) - g.o_lon) / 360) as o_lon, st_y(t.origin) as o_lat,
             st_x(t.destination) - 360 * round((st_x(t.destination) - g.d_lon) / 360) as d_lon, st_y(t.destination) as d_lat
      from (%s) t
      join (select u.i, u.o, u.d, u.h, first_value(st_x(st_pointfromgeohash(u.o))) over w as o_lon,
                   first_value(st_x(st_pointfromgeohash(u.d))) over w as d_lon
            from unnest($10, $11, $12, $13) u (i, o, d, h) window w as (partition by u.i order by u.o, u.d)) g
        on g.o = left(t.o_cell, $7) and g.d = left(t.d_cell, $7) and g.h = date_part('hour', t.local_time)::int
    ), figures as (
      select p.i, count(*) as n, avg(p.o_lon) as o_lon, avg(p.o_lat) as o_lat, avg(p.d_lon) as d_lon, avg(p.d_lat) as d_lat,
             case when count(p.duration_s) >= $14 then avg(p.duration_s) end as mean_duration_s,
             case when count(p.duration_s) >= $14 then percentile_cont(0.5) within group (order by p.duration_s) end as median_duration_s,
             avg(p.distance_m) as mean_distance_m, percentile_cont(0.5) within group (order by p.distance_m) as median_distance_m
      from picked p group by p.i
    )
    select f.i, f.n, st_point(f.o_lon - 360 * floor((f.o_lon + 180) / 360), f.o_lat, 4326),
           st_point(f.d_lon - 360 * floor((f.d_lon + 180) / 360), f.d_lat, 4326),
           f.mean_duration_s, f.median_duration_s, f.mean_distance_m, f.median_distance_m
    from figures f $q$,
    tripgrid.trips_in_area(coalesce(cells, sought), coalesce(inside, is_in),
                           case when cells is null then 'origin' else match end, 'origin',
                           't.o_cell, t.d_cell, t.local_time, t.origin, t.destination, t.duration_s', opens, closes))
  using sought, is_in, source, region, hours, days, size, null, asked, i, o, d, h, (select s.min_trips from tripgrid.settings s);
end
$$;
comment on function tripgrid.cluster_figures is 'The figures of some clusters, from their trips';

-- select * from tripgrid.cluster_figures(null, null, null, 'origin', null, null, '2018-05-28', '2018-06-04', null, null, 5, array[1], array['u0j2q'], array['u0j2r'], array[8]);
