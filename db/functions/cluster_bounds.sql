-- The clusters whose trips are most, as far as the rollup can tell: all trips of their cells count, wherever in these an area's edge runs.
--
-- In:     cells, those of five characters in which trips begin, and inside, whether they lie in the area; ends, cells of at most five characters that
--         cover it, in which trips must end if match is both and not origin; source, region, hours, as tripgrid.weekly_counts; weeks, local Mondays that the rollup is not behind with
--         more_o, more_d, more_h, more_n, groups of further trips, which are in no week of these, each of them once
--         most_rows, in how many rows of the rollup a cluster comes at most, its group of the further trips one more
--         many, clusters that are known to have fewer trips are left out; most, how many are asked for, in no order
-- Out:    o, d, h; upper, that many trips it can have and no more; is_inside, whether its origin cell lies in the area
-- Errors: none of its own
--
-- Of a cell only the rows with most trips are read: what a cluster has in the others is less than that for each. Those that can still have enough are
-- summed up. The more rows, the fewer clusters; three quarters of what a row must have on average is where both take as long. Both ways go by
-- an index, and LEFT JOIN and the settings leave the planner no other.
create or replace function tripgrid.cluster_bounds(
  cells text[], inside boolean[], ends text[], match text, source text, region text, hours integer[], weeks timestamp[],
  more_o text[], more_d text[], more_h integer[], more_n bigint[], most_rows bigint, many bigint, most integer)
returns table (o text, d text, h integer, upper bigint, is_inside boolean)
language plpgsql stable set search_path from current set jit = off set work_mem = '128MB' set max_parallel_workers_per_gather = 0
  set enable_hashjoin = off set enable_mergejoin = off set enable_seqscan = off set enable_bitmapscan = off set enable_material = off as $$
declare
  heavy constant bigint := greatest(1, many * 3 / (4 * most_rows));
begin
  return query execute format($q$
    select g.o, g.d, g.h, sum(g.n)::bigint, bool_or(g.is_inside)
    from (
      select k.o, k.d, k.h, r.trips as n, k.is_inside, true as is_asked
      from (
        select a.o, a.d, a.h, bool_or(a.is_inside) as is_inside
        from (
          select r.o_cell as o, r.d_cell as d, r.hour::int as h, r.trips as n, c."inner" as is_inside
          from unnest($1, $2) c (cell, "inner") cross join unnest($3) w (week)
          left join tripgrid.live_weekly_clusters r on r.o_cell = c.cell and r.week = w.week and r.trips >= $7
            and ($4 is null or r.source = $4) and ($5 is null or r.region = $5) and ($6 is null or r.hour = any ($6)) and %s
          union all
          select u.o, u.d, u.h, u.n, false from unnest($9, $10, $11, $12) u (o, d, h, n) where u.n >= $7) a
        where a.o is not null
        group by a.o, a.d, a.h having sum(a.n) + ($13 - count(*)) * ($7 - 1) >= $14 limit $8) k
      cross join unnest($3) w (week)
      left join tripgrid.live_weekly_clusters r on r.week = w.week and r.o_cell = k.o and r.d_cell = k.d and r.hour = k.h
        and ($4 is null or r.source = $4) and ($5 is null or r.region = $5)
      union all
      select u.o, u.d, u.h, u.n, false, u.n >= $7 from unnest($9, $10, $11, $12) u (o, d, h, n)) g
    group by g.o, g.d, g.h
    having bool_or(g.is_asked)$q$,
    case match when 'both' then replace(tripgrid.has_cells(ends, array_fill(true, array[cardinality(ends)]), true, 'destination'), 't.d_cell', 'r.d_cell')
               else 'true' end)
  using cells, inside, weeks, source, region, hours, heavy, most, more_o, more_d, more_h, more_n, most_rows, many;
end
$$;
comment on function tripgrid.cluster_bounds is 'The clusters whose trips are most, as far as the rollup can tell';

-- select * from tripgrid.cluster_bounds(array['u0j2q'], array[true], array['u0j2q'], 'origin', null, null, null, array['2018-05-28'::timestamp], null, null, null, null, 2, 2, 10);
