-- Finds the clusters that may have most trips, as far as the rollup can say. All trips of their cells count, wherever an area's
-- edge runs in these cells.
--
-- In:     selection; its cells are those of five characters in which trips begin, and inside is true if the cell lies in the
--         area; its days and its window do not count
--         ends, cells of at most five characters that cover the area: trips must end in them if match is both and not origin
--         weeks, local Mondays that the rollup is not behind with
--         more, groups of further trips, which are in none of these weeks, each group once
--         max_rows, the maximum number of rows of the rollup for one cluster; its group of further trips counts as one more
--         threshold, clusters that certainly have fewer trips are left out
--         max_clusters, the maximum number of clusters to return, in no order
-- Out:    o, d, h; upper, the most trips that the cluster can have; is_inside, true if its origin cell lies in the area
-- Errors: none of its own
--
-- Only the rows of a cell with most trips are read, those above a threshold: each other row of a cluster has fewer trips than
-- this. The clusters that can still have enough trips are summed up. Reading more rows leaves fewer clusters; with three quarters
-- of the average that a row must have as the threshold, both steps take equally long. Both use an index, and LEFT JOIN and the
-- settings leave the planner no other way.
create or replace function tripgrid_internal.cluster_bounds(
  selection tripgrid.selection, ends text[], weeks timestamp[], more tripgrid_internal.trip_groups, max_rows bigint, threshold bigint,
  max_clusters integer)
returns table (o text, d text, h integer, upper bigint, is_inside boolean)
language plpgsql stable set search_path from current set jit = off set work_mem = '128MB' set max_parallel_workers_per_gather = 0
  set enable_hashjoin = off set enable_mergejoin = off set enable_seqscan = off set enable_bitmapscan = off set enable_material = off as $$
declare
  -- The trips that a row must have to be read.
  min_row_trips constant bigint := greatest(1, threshold * 3 / (4 * max_rows));
begin
  return query execute format($q$
    select g.o, g.d, g.h, sum(g.n)::bigint, bool_or(g.is_inside)
    from (
      select k.o, k.d, k.h, r.trips as n, k.is_inside, true as is_asked
      from (
        select a.o, a.d, a.h, bool_or(a.is_inside) as is_inside
        from (
          select r.o_cell as o, r.d_cell as d, r.hour::int as h, r.trips as n, c."inner" as is_inside
          from unnest(($1).cells, ($1).inside) c (cell, "inner") cross join unnest($2) w (week)
          left join tripgrid_internal.live_weekly_clusters r on r.o_cell = c.cell and r.week = w.week and r.trips >= $4
            and (($1).source is null or r.source = ($1).source) and (($1).region is null or r.region = ($1).region)
            and (($1).hours is null or r.hour = any (($1).hours)) and %s
          union all
          select u.o, u.d, u.h, u.n, false from unnest(($3).o, ($3).d, ($3).h, ($3).n) u (o, d, h, n) where u.n >= $4) a
        where a.o is not null
        group by a.o, a.d, a.h having sum(a.n) + ($5 - count(*)) * ($4 - 1) >= $6 limit $7) k
      cross join unnest($2) w (week)
      left join tripgrid_internal.live_weekly_clusters r on r.week = w.week and r.o_cell = k.o and r.d_cell = k.d and r.hour = k.h
        and (($1).source is null or r.source = ($1).source) and (($1).region is null or r.region = ($1).region)
      union all
      select u.o, u.d, u.h, u.n, false, u.n >= $4 from unnest(($3).o, ($3).d, ($3).h, ($3).n) u (o, d, h, n)) g
    group by g.o, g.d, g.h
    having bool_or(g.is_asked)$q$,
    case selection.match when 'both' then replace(tripgrid_internal.cells_predicate(ends, array_fill(true, array[cardinality(ends)]), true, 'destination'), 't.d_cell', 'r.d_cell')
               else 'true' end)
  using selection, weeks, more, min_row_trips, max_rows, threshold, max_clusters;
end
$$;
comment on function tripgrid_internal.cluster_bounds is 'The clusters whose trips are most, as far as the rollup can tell';

-- select * from tripgrid_internal.cluster_bounds(row(null, array['u0j2q'], array[true], 'origin', null, null, null, null, null, null), array['u0j2q'], array['2018-05-28'::timestamp], null, 2, 2, 10);
