-- Returns the periods within the window of a selection whose profiles are up to date.
--
-- In:     selection, with a match of origin, destination or both; its window counts, and nothing else
--         size, the characters of the cells of the profiles, 6 or 7
-- Out:    the first Mondays of the periods that lie wholly within, in order; none that holds a retired week
-- Errors: none
create or replace function tripgrid_internal.profiled_periods(selection tripgrid.selection, size integer) returns date[]
language sql stable set search_path from current as $$
  select coalesce(array_agg(p.first_week order by p.first_week), '{}')
  from tripgrid_internal.profile_periods p, tripgrid.settings s
  where not p.is_stale and concat_ws(' ', (selection).match, size) = any (p.kinds)
    and p.first_week >= greatest((selection).window_start, s.retired_before) and p.first_week + 28 <= (selection).window_end
    -- Thousands of weeks may be pending, as after many deletes: hashed, they are compared once each.
    and p.first_week not in (select date '2000-01-03' + 28 * floor((w.week - date '2000-01-03') / 28.0)::integer from tripgrid_internal.pending_weeks w);
$$;
comment on function tripgrid_internal.profiled_periods is 'The periods within a window whose profiles are up to date';

-- select tripgrid_internal.profiled_periods(tripgrid_internal.selection_of(null, 'origin', null, null, null, null, null, null), 6);
