-- Deletes the profiles of periods with a retired week, which nothing reads.
--
-- In:     nothing
-- Out:    the number of periods
-- Errors: none of its own
create or replace function tripgrid_internal.drop_retired_profiles() returns integer
language sql volatile set search_path from current as $$
  with gone as (
    delete from tripgrid_internal.profile_periods p using tripgrid.settings s where p.first_week < s.retired_before returning p.first_week
  ), cleared as (
    delete from tripgrid_internal.cell_profiles c where c.first_week in (select g.first_week from gone g)
  )
  select count(*)::integer from gone;
$$;
comment on function tripgrid_internal.drop_retired_profiles is 'Deletes the profiles of periods with a retired week';

-- select tripgrid_internal.drop_retired_profiles();
