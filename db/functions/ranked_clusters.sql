-- Which clusters an answer shows, in its order, and the groups of trips that each is made of: one row.
--
-- In:     trips, all that match; those that are in no group, having no destination, are one when it comes to withholding
--         o, d, h, n, total and count, the groups, as tripgrid.cluster_groups gives them, those that come in several rows too
--         is_hot, whether cells are joined to spots; o_cells and o_spots, the spot of each origin cell, and so for destinations; else null
--         min_trips, order_by, max_clusters, only_id, as tripgrid.cluster_answer; size, the characters of the cells, those of groups may be finer
-- Out:    found, how many there are; shown_trips, of those that are shown; withheld, how many TRIPGRID_MIN_TRIPS withholds, which are none of these
--         ids, o_spots, d_spots and hours of those that are shown, in their order; null if there are none
--         part_of, part_o, part_d, part_h, their groups: part_of counts the clusters from 1
-- Errors: none of its own
--
-- By hash tables: the planner cannot know how many groups there are, and would sort them all or try each with each.
create or replace function tripgrid.ranked_clusters(
  trips bigint, o text[], d text[], h integer[], n bigint[], total double precision[], count bigint[], is_hot boolean,
  o_cells text[], o_spots_of_cells text[], d_cells text[], d_spots_of_cells text[],
  min_trips integer, order_by text, max_clusters integer, only_id text, size integer,
  out found integer, out withheld integer, out shown_trips bigint, out ids text[], out o_spots text[], out d_spots text[], out hours integer[],
  out part_of integer[], out part_o text[], out part_d text[], out part_h integer[])
language sql stable set search_path from current set jit = off set enable_mergejoin = off set enable_nestloop = off set work_mem = '64MB' as $$
  with base as materialized (
    select u.o, u.d, u.h, u.n, u.total, u.count, case when $8 then o.spot else left(u.o, $17) end as o_spot,
           case when $8 then d.spot else left(u.d, $17) end as d_spot
    from unnest($2, $3, $4, $5, $6, $7) u (o, d, h, n, total, count)
    left join unnest($9, $10) o (cell, spot) on o.cell = left(u.o, $17)
    left join unnest($11, $12) d (cell, spot) on d.cell = left(u.d, $17)
  ), found as materialized (
    select b.o_spot, b.d_spot, b.h, sum(b.n)::bigint as n, sum(b.total) / nullif(sum(b.count), 0) as mean,
           case when $8 then 'hot-' else '' end || b.o_spot || '-' || b.d_spot || '-' || lpad(b.h::text, 2, '0') as id
    from base b group by b.o_spot, b.d_spot, b.h
  ), judged as (
    select f.*, false as is_withheld from found f where (select s.min_trips from tripgrid.settings s) <= 1
    union all
    select f.*, w.is_withheld
    from (select array_agg(x.id order by x.id collate "C") as ids, tripgrid.withheld(array_agg(x.n order by x.id collate "C") || greatest($1 - sum(x.n), 0)::bigint) as withheld
          from found x where (select s.min_trips from tripgrid.settings s) > 1) a
    cross join lateral unnest(a.ids, a.withheld) w (id, is_withheld)
    join found f using (id)
  ), counted as materialized (
    select j.*, count(*) filter (where j.is_withheld) over () as withheld,
           count(*) filter (where not j.is_withheld
             and case when $16 is null then j.n >= coalesce($13, 1) else j.id = $16 end) over () as found
    from judged j
  ), taken as materialized (
    select c.*, row_number() over (
             order by case $14 when 'trips' then c.n end desc, case when $14 in ('distance', 'duration') then c.mean end desc nulls last,
                      c.id collate "C")::int as i
    from (select c.* from counted c
          where not c.is_withheld and case when $16 is null then c.n >= coalesce($13, 1) else c.id = $16 end
          order by case $14 when 'trips' then c.n end desc, case when $14 in ('distance', 'duration') then c.mean end desc nulls last,
                   c.id collate "C"
          limit $15) c
  ), parts as (
    -- A group that came in several rows is one.
    select distinct t.i, b.o, b.d, b.h from taken t join base b on b.o_spot = t.o_spot and b.d_spot = t.d_spot and b.h = t.h
  )
  select coalesce((select c.found from counted c limit 1), 0)::int, coalesce((select c.withheld from counted c limit 1), 0)::int,
         (select sum(t.n)::bigint from taken t),
         t.ids, t.o_spots, t.d_spots, t.hours, p.i, p.o, p.d, p.h
  from (select array_agg(t.id order by t.i) as ids, array_agg(t.o_spot order by t.i) as o_spots, array_agg(t.d_spot order by t.i) as d_spots,
               array_agg(t.h order by t.i) as hours from taken t) t,
       (select array_agg(p.i) as i, array_agg(p.o) as o, array_agg(p.d) as d, array_agg(p.h) as h from parts p) p;
$$;
comment on function tripgrid.ranked_clusters is 'Which clusters an answer shows, and the groups of trips that each is made of';

-- select ids, hours from tripgrid.ranked_clusters(12, array['u0j2q'], array['u0j2r'], array[8], array[12], null, null, false, null, null, null, null, null, 'trips', 100, null, 5);
