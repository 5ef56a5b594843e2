-- Counts the trips of some clusters.
--
-- In:     selection, with an area and its cells; the clusters say which hours
--         keys, for each cluster its two cells of five characters and its hour, written one after the other
--         parts, the number of parts in which they are counted
-- Out:    i, the position of the key, from 1; trips
-- Errors: none of its own
--
-- LEFT JOIN and the settings leave the planner only the way from the clusters to their trips by the index. The planner takes the
-- keys for far more alike than they are: left to itself it read all trips, 10 s instead of 20 ms. It gives the parts to several
-- processes.
create or replace function tripgrid_internal.cluster_counts(selection tripgrid.selection, keys text[], parts integer)
returns table (i integer, trips bigint)
language plpgsql stable set search_path from current set jit = off set parallel_setup_cost = 0
  set enable_hashjoin = off set enable_mergejoin = off set enable_seqscan = off set enable_bitmapscan = off set enable_material = off as $$
begin
  return query execute (
    select string_agg(format($q$
      select k.i::int, count(t.local_time) from unnest($3) with ordinality u (key, i) cross join lateral (select u.key, u.i, false as is_inside) k
      left join tripgrid.trips t on %s where u.i %% %s = %s group by k.i$q$,
      tripgrid_internal.cluster_predicate(selection.match, selection.window_start, selection.window_end), parts, part), ' union all ')
    from generate_series(0, parts - 1) part)
  using selection, tripgrid_internal.inner_cells(selection), keys;
end
$$;
comment on function tripgrid_internal.cluster_counts is 'How many trips some clusters have';

-- select * from tripgrid_internal.cluster_counts(tripgrid_internal.selection_of(st_makeenvelope(7.6, 45.0, 7.7, 45.1), 'origin', null, null, '2018-05-28', '2018-06-03', null, null), array['u0j2qu0j2r8'], 1);
