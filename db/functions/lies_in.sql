-- The condition, as SQL, that one end of a trip lies in an area: told by its cell, and by its point only where the area's edge is.
--
-- In:     cells and inside, what tripgrid.area_cover gives for the area; point, origin or destination
-- Out:    a condition over a trip t, never null; it names the area $9
-- Errors: none of its own
create or replace function tripgrid.lies_in(cells text[], inside boolean[], point text) returns text
language sql immutable parallel safe set search_path from current as $$
  select format('case when t.%1$I is null then false when %2$s then true when %3$s then st_intersects($9, t.%1$I) else false end', point,
                tripgrid.has_cells(cells, inside, true, point), tripgrid.has_cells(cells, inside, false, point));
$$;
comment on function tripgrid.lies_in is 'The condition, as SQL, that one end of a trip lies in an area';

-- select tripgrid.lies_in(array['u0j2'], array[false], 'origin');
