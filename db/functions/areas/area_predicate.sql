-- Builds the SQL condition that one end of a trip lies in an area. It decides by the trip's cell, and by its point only in the
-- cells of the area's edge.
--
-- In:     cells and inside, as tripgrid.area_cover returns them for the area; point, origin or destination
-- Out:    a condition over a trip t, never null; $1 is the selection
-- Errors: none of its own
create or replace function tripgrid_internal.area_predicate(cells text[], inside boolean[], point text) returns text
language sql immutable parallel safe set search_path from current as $$
  select format('case when t.%1$I is null then false when %2$s then true when %3$s then st_intersects(($1).area, t.%1$I) else false end', point,
                tripgrid_internal.cells_predicate(cells, inside, true, point), tripgrid_internal.cells_predicate(cells, inside, false, point));
$$;
comment on function tripgrid_internal.area_predicate is 'The condition, as SQL, that one end of a trip lies in an area';

-- select tripgrid_internal.area_predicate(array['u0j2'], array[false], 'origin');
