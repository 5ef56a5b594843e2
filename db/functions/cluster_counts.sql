-- How many trips some clusters have, counted from these.
--
-- In:     asked, cells, inside, match, source, region, opens, closes, days, as tripgrid.cluster_groups; keys, each a cluster's two cells of
--         five characters and its hour, written one after the other
-- Out:    i, a key's place, from 1; trips
-- Errors: none of its own
create or replace function tripgrid.cluster_counts(
  asked geometry, cells text[], inside boolean[], match text, source text, region text, opens timestamp, closes timestamp,
  days integer[], keys text[])
returns table (i integer, trips bigint)
language plpgsql stable set search_path from current set jit = off set parallel_setup_cost = 0 as $$
begin
  return query execute (
    select string_agg(format($q$
      select k.i::int, n.trips from (select u.key, u.i, false as is_inside from unnest($1) with ordinality u (key, i) where u.i %% 4 = %s) k
      cross join lateral (select count(*) as trips from (%s) t) n$q$,
      part, tripgrid.trips_of_cluster(cells, inside, match, 't.o_cell', opens, closes)), ' union all ')
    from generate_series(0, 3) part)
  using keys, null, source, region, null, days, null, null, asked;
end
$$;
comment on function tripgrid.cluster_counts is 'How many trips some clusters have';

-- select * from tripgrid.cluster_counts(null, null, null, 'origin', null, null, '2018-05-28', '2018-06-04', null, array['u0j2qu0j2r8']);
