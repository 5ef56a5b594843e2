-- Returns a selection with another area, whose cells are not computed yet.
--
-- In:     selection; area, as tripgrid.checked_area returns it
-- Out:    the selection; null for null
-- Errors: none
create or replace function tripgrid_internal.selection_in(selection tripgrid.selection, area geometry) returns tripgrid.selection
language plpgsql immutable set search_path from current as $$
begin
  selection.area := selection_in.area;
  selection.cells := null;
  selection.inside := null;
  return selection;
end
$$;
comment on function tripgrid_internal.selection_in is 'A selection with another area';

-- select * from tripgrid_internal.selection_in(tripgrid_internal.selection_of(null, 'origin', null, null, null, null, null, null), st_makeenvelope(7.6, 45.0, 7.7, 45.1, 4326));
