-- Returns the trips of a selection in each cell of one size, as they may be shown.
--
-- In:     selection and size, as tripgrid_internal.cell_counts
--         parents, geohashes shorter than size, each once, none within another. Where some cells of a parent are asked for, and it is
--         one character shorter than they are, all of its cells are judged
-- Out:    cell, with a trip; trips, null if TRIPGRID_MIN_GROUP_SIZE withholds the cell
-- Errors: none of its own
--
-- The cells of a parent are judged together, because its total is known from the cells that are one character shorter.
create or replace function tripgrid_internal.shown_cells(selection tripgrid.selection, parents text[], size integer)
returns table (cell text, trips bigint)
language sql stable set search_path from current set jit = off as $$
  with counted as materialized (
    select c.cell, sum(c.trips)::bigint as trips
    from tripgrid_internal.cell_counts(selection, parents, size) c group by c.cell having sum(c.trips) > 0
  )
  select c.cell, c.trips from counted c where (select s.min_trips from tripgrid.settings s) = 1
  union all
  select u.cell, case when not u.is_suppressed then u.trips end
  from (select array_agg(c.cell order by c.cell) as cells, array_agg(c.trips order by c.cell) as trips,
               tripgrid_internal.suppressed(array_agg(c.trips order by c.cell)) as suppressed
        from counted c where (select s.min_trips from tripgrid.settings s) > 1
        group by left(c.cell, size - 1)) a
  cross join lateral unnest(a.cells, a.trips, a.suppressed) u (cell, trips, is_suppressed);
$$;
comment on function tripgrid_internal.shown_cells is 'Trips of a selection by cell, as they may be shown';

-- select * from tripgrid_internal.shown_cells(tripgrid_internal.selection_of(null, 'origin', null, 'Turin', null, null, null, null), array['u0j2'], 5);
