-- Returns the cells of six characters that lie wholly in the area of a selection, as tripgrid_internal.cluster_predicate reads them.
--
-- In:     selection, with its cells
-- Out:    geohashes; empty if there are none
-- Errors: none
create or replace function tripgrid_internal.inner_cells(selection tripgrid.selection) returns text[]
language plpgsql immutable set search_path from current as $$
begin
  return array(select u.cell from unnest(selection.cells, selection.inside) u (cell, "inner") where u."inner" and length(u.cell) = 6);
end
$$;
comment on function tripgrid_internal.inner_cells is 'The cells of six characters that lie wholly in the area of a selection';

-- select tripgrid_internal.inner_cells(row(null, array['u0j2qx'], array[true], 'origin', null, null, '2018-05-28', '2018-06-04', null, null));
