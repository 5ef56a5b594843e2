-- Retires the closed weeks: copies what the rollups know of them to tables that no refresh touches, from which they are counted
-- from now on.
--
-- In:     nothing; settings.closed_before says which weeks are closed
-- Out:    whether any were retired: not if there are none, or the rollups are behind with one of them
-- Errors: 55000 if the rollups were marked as behind meanwhile: try again
create or replace function tripgrid.retire_weeks() returns boolean
language plpgsql volatile set search_path from current set jit = off as $$
declare
  opens  date;
  closes date;
  rollup record;
begin
  -- Not while a refresh changes what is copied.
  perform pg_advisory_xact_lock(hashtext('tripgrid.refresh_weeks'));
  select s.retired_before, s.closed_before into opens, closes from tripgrid.settings s;
  if opens >= closes or exists (select from tripgrid.pending_weeks p where p.week < closes) then
    return false;
  end if;
  for rollup in
    select r.name, case r.name when 'hourly_regions' then 'hour' else 'week' end as at,
           r.columns,
           (select c.relkind = 'r' from pg_class c where c.oid = format('tripgrid.live_%s', r.name)::regclass) as is_table
    from (select format('weekly_%s_%s', e, size) as name, 'cell, week, source, region, trips' as columns
          from unnest(array['origins', 'destinations']) e, generate_series(4, 7) size
          union all values
            ('hourly_regions', 'hour, source, region, trips'),
            ('weekly_clusters', 'week, o_cell, d_cell, hour, source, region, trips, durations, duration_s, distance_m'),
            ('weekly_drivers', 'week, driver_id, source, region, trips, durations, duration_s, distances, distance_m')) r
  loop
    execute format('insert into tripgrid.%1$I (%3$s) select %3$s from tripgrid.%2$I where %4$I >= $1 and %4$I < $2',
                   'retired_' || rollup.name, 'live_' || rollup.name, rollup.columns, rollup.at)
    using opens, closes;
    -- A continuous aggregate loses them with its chunks.
    if rollup.is_table then
      execute format('delete from tripgrid.%I where %I < $1', 'live_' || rollup.name, rollup.at) using closes;
    end if;
  end loop;
  if exists (select from tripgrid.pending_weeks p where p.week < closes) then
    raise exception 'The rollups were marked as behind while their weeks were retired.' using errcode = 'object_not_in_prerequisite_state';
  end if;
  update tripgrid.settings set retired_before = closes, retired_at = clock_timestamp();
  return true;
end
$$;
comment on function tripgrid.retire_weeks is 'Moves the counts of the closed weeks to where no refresh touches them';

-- select tripgrid.retire_weeks();
