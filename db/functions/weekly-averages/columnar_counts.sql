-- Counts the trips of some cells in each week, in one pass over the trips. It is for trips in the columnstore: a thousand trips
-- are unpacked together there, and a search for each cell by itself took minutes.
--
-- In:     selection, with an area; its cells and match do not matter
--         cells, and inside, true if the cell lies wholly in the area; the trips of the other cells are tested one by one
--         point, origin or destination; other, an SQL condition over a trip t, as tripgrid_internal.area_predicate returns it
-- Out:    week, its Monday; trips
-- Errors: none of its own
--
-- The columnstore is ordered by the cell of the origin, so the ranges that hold the cells leave most of it packed.
create or replace function tripgrid_internal.columnar_counts(
  selection tripgrid.selection, cells text[], inside boolean[], point text, other text)
returns table (week date, trips bigint)
language plpgsql stable set search_path from current set jit = off as $$
declare
  max_ranges constant integer := 32;
  cell   text := left(point, 1) || '_cell';
  prefix integer;
  ranges text;
begin
  if coalesce(cardinality(cells), 0) = 0 or selection.window_start >= selection.window_end then
    return;
  end if;
  select max(p) into prefix
  from generate_series(0, 4) p where (select count(distinct left(c, p)) from unnest(cells) c) <= max_ranges;
  select string_agg(format('t.%1$I >= %2$L and t.%1$I < %3$L', cell, c.start, c.start || '{'), ' or ') into ranges
  from (select distinct left(c, prefix) as start from unnest(cells) c) c;
  return query execute format($q$
    select date_trunc('week', t.local_time)::date, count(*)
    from tripgrid.trips t
    where (%1$s) and t.local_time >= ($1).window_start and t.local_time < ($1).window_end
      and (($1).source is null or t.source = ($1).source) and (($1).region is null or t.region = ($1).region)
      and (($1).hours is null or extract(hour from t.local_time)::int = any (($1).hours))
      and (($1).days is null or extract(isodow from t.local_time)::int = any (($1).days))
      and %2$s and %3$s
    group by 1 $q$, ranges, tripgrid_internal.area_predicate(cells, inside, point), other)
  using selection;
end
$$;
comment on function tripgrid_internal.columnar_counts is 'Trips of some cells a week, counted in one pass over the trips';

-- select * from tripgrid_internal.columnar_counts(tripgrid_internal.selection_of(st_makeenvelope(7.6, 45.0, 7.7, 45.1), 'origin', null, null, '2018-05-28', '2018-06-03', null, null), array['u0j2q'], array[false], 'origin', 'true');
