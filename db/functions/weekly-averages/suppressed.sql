-- Says which groups of trips must not be shown, so that no group of fewer trips than TRIPGRID_MIN_GROUP_SIZE can be learnt.
--
-- In:     counts, the trips of groups that together make up a total which is, or could be, known
-- Out:    for each group, in their order, true if it is withheld: groups of 1 trip up to one less than the minimum. If these
--         together have fewer trips than the minimum, the smallest other group is withheld too, because the total less the shown
--         groups would reveal them.
--         A group without a trip is shown. Null counts are ignored, and not withheld.
-- Errors: none
create or replace function tripgrid_internal.suppressed(counts bigint[]) returns boolean[]
language sql stable set search_path from current as $$
  select coalesce(array_agg(c.is_small or (c.small between 1 and s.min_trips - 1 and c.size_rank = c.small_groups + 1) order by c.i), '{}')
  from (
    select u.i, coalesce(u.n > 0 and u.n < s.min_trips, false) as is_small,
           coalesce(sum(u.n) filter (where u.n > 0 and u.n < s.min_trips) over (), 0) as small,
           count(*) filter (where u.n > 0 and u.n < s.min_trips) over () as small_groups,
           case when u.n > 0 then row_number() over (order by nullif(u.n, 0) nulls last, u.i) end as size_rank
    from unnest(counts) with ordinality u (n, i), tripgrid.settings s) c, tripgrid.settings s;
$$;
comment on function tripgrid_internal.suppressed is 'Which groups of trips must not be shown for being too small';

-- select tripgrid_internal.suppressed(array[3, 12, 0, 40]);
