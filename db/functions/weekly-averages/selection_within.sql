-- Returns a selection with another window.
--
-- In:     selection; window_start and window_end, local times, window_end not included
-- Out:    the selection; null for null
-- Errors: none
create or replace function tripgrid_internal.selection_within(selection tripgrid.selection, window_start timestamp, window_end timestamp)
returns tripgrid.selection language plpgsql immutable set search_path from current as $$
begin
  selection.window_start := selection_within.window_start;
  selection.window_end := selection_within.window_end;
  return selection;
end
$$;
comment on function tripgrid_internal.selection_within is 'A selection with another window';

-- select * from tripgrid_internal.selection_within(tripgrid_internal.selection_of(null, 'origin', null, null, null, null, null, null), '2018-05-28', '2018-06-04');
