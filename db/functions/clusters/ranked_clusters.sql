-- Chooses the clusters that an answer shows, in its order, and the groups of trips in each: one row.
--
-- In:     trips, all that match; trips in no group, because they have no destination, count as one group for withholding
--         groups; a group may stand there several times
--         origins and destinations, the hot spot of each cell. They do not count where cells are not joined.
--         options; the cells of the groups may be finer than these say
-- Out:    found, the number of clusters; shown_trips, the trips of those that are shown; suppressed, the number of clusters that
--         TRIPGRID_MIN_GROUP_SIZE withholds, which are not in found
--         ids, o_spots, d_spots and hours of the clusters shown, in their order; null if there are none
--         part_of, part_o, part_d, part_h, their groups: part_of is the position of the cluster, from 1
-- Errors: none of its own
--
-- It uses hash tables: the planner cannot know how many groups there are, and would sort them all or compare each with each.
create or replace function tripgrid_internal.ranked_clusters(
  trips bigint, groups tripgrid_internal.trip_groups, origins tripgrid_internal.cell_spots, destinations tripgrid_internal.cell_spots,
  options tripgrid_internal.cluster_options,
  out found integer, out suppressed integer, out shown_trips bigint, out ids text[], out o_spots text[], out d_spots text[], out hours integer[],
  out part_of integer[], out part_o text[], out part_d text[], out part_h integer[])
language sql stable set search_path from current set jit = off set enable_mergejoin = off set enable_nestloop = off set work_mem = '64MB' as $$
  with base as materialized (
    select u.o, u.d, u.h, u.n, u.total, u.count, coalesce(o.spot, left(u.o, options.size)) as o_spot, coalesce(d.spot, left(u.d, options.size)) as d_spot
    from unnest(groups.o, groups.d, groups.h, groups.n, groups.total, groups.count) u (o, d, h, n, total, count)
    left join unnest(origins.cell, origins.spot) o (cell, spot) on o.cell = left(u.o, options.size)
    left join unnest(destinations.cell, destinations.spot) d (cell, spot) on d.cell = left(u.d, options.size)
  ), found as materialized (
    select b.o_spot, b.d_spot, b.h, sum(b.n)::bigint as n, sum(b.total) / nullif(sum(b.count), 0) as mean,
           case options.cluster_by when 'hotspots' then 'hot-' else '' end || b.o_spot || '-' || b.d_spot || '-' || lpad(b.h::text, 2, '0') as id
    from base b group by b.o_spot, b.d_spot, b.h
  ), judged as (
    select f.*, false as is_suppressed from found f where (select s.min_trips from tripgrid.settings s) <= 1
    union all
    select f.*, w.is_suppressed
    from (select array_agg(x.id order by x.id collate "C") as ids, tripgrid_internal.suppressed(array_agg(x.n order by x.id collate "C") || greatest(ranked_clusters.trips - sum(x.n), 0)::bigint) as suppressed
          from found x where (select s.min_trips from tripgrid.settings s) > 1) a
    cross join lateral unnest(a.ids, a.suppressed) w (id, is_suppressed)
    join found f using (id)
  ), counted as materialized (
    select j.*, count(*) filter (where j.is_suppressed) over () as suppressed,
           count(*) filter (where not j.is_suppressed
             and case when options.only_id is null then j.n >= coalesce(options.min_trips, 1) else j.id = options.only_id end) over () as found
    from judged j
  ), taken as materialized (
    select c.*, row_number() over (
             order by case options.order_by when 'trips' then c.n end desc, case when options.order_by in ('distance', 'duration') then c.mean end desc nulls last,
                      c.id collate "C")::int as i
    from (select c.* from counted c
          where not c.is_suppressed and case when options.only_id is null then c.n >= coalesce(options.min_trips, 1) else c.id = options.only_id end
          order by case options.order_by when 'trips' then c.n end desc, case when options.order_by in ('distance', 'duration') then c.mean end desc nulls last,
                   c.id collate "C"
          limit options.max_clusters) c
  ), parts as (
    -- A group with several rows is one group.
    select distinct t.i, b.o, b.d, b.h from taken t join base b on b.o_spot = t.o_spot and b.d_spot = t.d_spot and b.h = t.h
  )
  select coalesce((select c.found from counted c limit 1), 0)::int, coalesce((select c.suppressed from counted c limit 1), 0)::int,
         (select sum(t.n)::bigint from taken t),
         t.ids, t.o_spots, t.d_spots, t.hours, p.i, p.o, p.d, p.h
  from (select array_agg(t.id order by t.i) as ids, array_agg(t.o_spot order by t.i) as o_spots, array_agg(t.d_spot order by t.i) as d_spots,
               array_agg(t.h order by t.i) as hours from taken t) t,
       (select array_agg(p.i) as i, array_agg(p.o) as o, array_agg(p.d) as d, array_agg(p.h) as h from parts p) p;
$$;
comment on function tripgrid_internal.ranked_clusters is 'Which clusters an answer shows, and the groups of trips that each is made of';

-- select ids, hours from tripgrid_internal.ranked_clusters(12, row(array['u0j2q'], array['u0j2r'], array[8], array[12], null, null), null, null, row(5, 'cells', null, 'trips', 100, null));
