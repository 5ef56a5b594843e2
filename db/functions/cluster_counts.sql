-- How many trips some clusters have, counted from these.
--
-- In:     asked, cells, inside, match, source, region, opens, closes, days, as tripgrid.cluster_groups; keys, each a cluster's two cells of
--         five characters and its hour, written one after the other; parts, in how many parts they are counted
-- Out:    i, a key's place, from 1; trips
-- Errors: none of its own
--
-- LEFT JOIN and the settings leave the planner no other way than from the clusters to their trips by the index: it thinks keys far
-- more alike than they are, and went through all trips instead, 10 s for 20 ms. It gives
-- the parts to several processes.
create or replace function tripgrid.cluster_counts(
  asked geometry, cells text[], inside boolean[], match text, source text, region text, opens timestamp, closes timestamp,
  days integer[], keys text[], parts integer)
returns table (i integer, trips bigint)
language plpgsql stable set search_path from current set jit = off set parallel_setup_cost = 0
  set enable_hashjoin = off set enable_mergejoin = off set enable_seqscan = off set enable_bitmapscan = off set enable_material = off as $$
begin
  return query execute (
    select string_agg(format($q$
      select k.i::int, count(t.local_time) from unnest($1) with ordinality u (key, i) cross join lateral (select u.key, u.i, false as is_inside) k
      left join tripgrid.trips t on %s where u.i %% %s = %s group by k.i$q$,
      tripgrid.is_of_cluster(match, opens, closes), parts, part), ' union all ')
    from generate_series(0, parts - 1) part)
  using keys, null, source, region, null, days, null, null, asked, null, null, null, null, null, null, null,
    array(select u.cell from unnest(cells, inside) u (cell, "inner") where u."inner" and length(u.cell) = 6);
end
$$;
comment on function tripgrid.cluster_counts is 'How many trips some clusters have';

-- select * from tripgrid.cluster_counts(st_makeenvelope(7.6, 45.0, 7.7, 45.1, 4326), null, null, 'origin', null, null, '2018-05-28', '2018-06-04', null, array['u0j2qu0j2r8'], 1);
