-- Builds the SQL condition that one end of a trip lies in some cells of an area.
--
-- In:     cells and inside, as tripgrid.area_cover returns them for the area
--         which, true for the cells inside the area, false for those of its edge; point, origin or destination
-- Out:    a condition over a trip t, never null
-- Errors: none of its own
--
-- Long lists of constants are looked up by hash, one list for each size of cell. "is true" keeps the planner from reading the
-- whole index over trips that have a destination. Without it the planner did so for each cell of their origins: 60 s and more
-- instead of 0.1 s.
create or replace function tripgrid_internal.cells_predicate(cells text[], inside boolean[], which boolean, point text) returns text
language sql immutable parallel safe set search_path from current as $$
  select coalesce('(' || string_agg(format('left(t.%s_cell, %s) = any (%L)', left(point, 1), l.size, l.cells), ' or ') || ') is true', 'false')
  from (select length(c.cell) as size, array_agg(c.cell) as cells
        from unnest(cells, inside) c (cell, "inner") where c."inner" = which group by length(c.cell)) l;
$$;
comment on function tripgrid_internal.cells_predicate is 'The condition, as SQL, that one end of a trip lies in some cells of an area';

-- select tripgrid_internal.cells_predicate(array['u0j2'], array[true], true, 'origin');
