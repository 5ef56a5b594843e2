-- The clusters whose trips are most, as far as the rollup can tell: all trips of their cells count, wherever in these an area's edge runs.
--
-- In:     cells and inside, the cover of an area, none of them finer than five characters, those of its edge not inside
--         match, origin or both; source, region, hours, as tripgrid.weekly_counts; weeks, local Mondays that the rollup is not behind with
--         more_o, more_d, more_h, more_n, groups of further trips, which are in no week of these
--         most, how many are asked for
-- Out:    o, d, h; upper, that many trips it can have and no more; is_inside, whether its origin cell lies in the area
--         the first ones by upper
-- Errors: none of its own
--
-- By the rollup's index, as tripgrid.cluster_counts does.
create or replace function tripgrid.cluster_bounds(
  cells text[], inside boolean[], match text, source text, region text, hours integer[], weeks timestamp[],
  more_o text[], more_d text[], more_h integer[], more_n bigint[], most integer)
returns table (o text, d text, h integer, upper bigint, is_inside boolean)
language plpgsql stable set search_path from current set jit = off set work_mem = '128MB' set parallel_setup_cost = 0
  set enable_hashjoin = off set enable_mergejoin = off set enable_seqscan = off set enable_bitmapscan = off set enable_material = off as $$
declare
  -- A cluster has one origin cell, so parts of these can be gone through side by side, which pays where there is much: processes take 35 ms
  -- to start.
  parts constant integer := case when more_o is null and cardinality(cells) * cardinality(weeks) > 200 then 4 else 1 end;
begin
  return query execute (
    select 'select * from (' || string_agg(format($q$
      select g.o, g.d, g.h, sum(g.n)::bigint, bool_or(g.is_inside)
      from (select r.o_cell as o, r.d_cell as d, r.hour::int as h, r.trips as n, c."inner" as is_inside
            from unnest($1, $2) with ordinality c (cell, "inner", i) cross join unnest($3) w (week)
            left join tripgrid.live_weekly_clusters r on r.week = w.week and r.o_cell >= c.cell collate "C" and r.o_cell < c.cell || '{' collate "C"
              and ($4 is null or r.source = $4) and ($5 is null or r.region = $5) and ($6 is null or r.hour = any ($6)) and %1$s
            where c.i %% %2$s = %3$s %4$s) g
      group by g.o, g.d, g.h$q$,
      case match when 'both' then replace(format('(%s or %s)', tripgrid.has_cells(cells, inside, true, 'destination'),
                                                 tripgrid.has_cells(cells, inside, false, 'destination')), 't.d_cell', 'r.d_cell') else 'true' end,
      parts, part, case when more_o is not null then 'union all select u.o, u.d, u.h, u.n, false from unnest($8, $9, $10, $11) u (o, d, h, n)' end), ' union all ')
      || ') b (o, d, h, upper, is_inside) where b.upper > 0 order by b.upper desc limit $7'
    from generate_series(0, parts - 1) part)
  using cells, inside, weeks, source, region, hours, most, more_o, more_d, more_h, more_n;
end
$$;
comment on function tripgrid.cluster_bounds is 'The clusters whose trips are most, as far as the rollup can tell';

-- select * from tripgrid.cluster_bounds(array['u0j2'], array[true], 'origin', null, null, null, array['2018-05-28'::timestamp], null, null, null, null, 10);
