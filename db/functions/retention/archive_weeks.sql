-- Retires the closed weeks: copies their counts from the rollups to tables that no refresh touches. From then on these weeks are
-- counted from these tables.
--
-- In:     nothing; settings.closed_before says which weeks are closed
-- Out:    true if weeks were retired; false if there are none, or if the rollups are behind with one of them
-- Errors: 55000 if the rollups were marked as behind during the call: try again
create or replace function tripgrid_internal.archive_weeks() returns boolean
language plpgsql volatile set search_path from current set jit = off as $$
declare
  window_start  date;
  window_end date;
  rollup record;
begin
  -- No refresh may change the counts while they are copied.
  perform pg_advisory_xact_lock(hashtext('tripgrid_internal.refresh_weeks'));
  select s.retired_before, s.closed_before into window_start, window_end from tripgrid.settings s;
  if window_start >= window_end or exists (select from tripgrid_internal.pending_weeks p where p.week < window_end) then
    return false;
  end if;
  for rollup in
    select r.name, case r.name when 'hourly_regions' then 'hour' else 'week' end as at,
           r.columns,
           (select c.relkind = 'r' from pg_class c where c.oid = format('tripgrid_internal.live_%s', r.name)::regclass) as is_table
    from (select format('weekly_%s_%s', e, size) as name, 'cell, week, source, region, trips' as columns
          from unnest(array['origins', 'destinations']) e, generate_series(4, 7) size
          union all values
            ('hourly_regions', 'hour, source, region, trips'),
            ('weekly_clusters', 'week, o_cell, d_cell, hour, source, region, trips, durations, duration_s, distance_m'),
            ('weekly_drivers', 'week, driver_id, source, region, trips, durations, duration_s, distances, distance_m')) r
  loop
    execute format('insert into tripgrid_internal.%1$I (%3$s) select %3$s from tripgrid_internal.%2$I where %4$I >= $1 and %4$I < $2',
                   'retired_' || rollup.name, 'live_' || rollup.name, rollup.columns, rollup.at)
    using window_start, window_end;
    -- A continuous aggregate loses these rows with its chunks.
    if rollup.is_table then
      execute format('delete from tripgrid_internal.%I where %I < $1', 'live_' || rollup.name, rollup.at) using window_end;
    end if;
  end loop;
  if exists (select from tripgrid_internal.pending_weeks p where p.week < window_end) then
    raise exception 'The rollups were marked as behind while their weeks were retired.' using errcode = 'object_not_in_prerequisite_state';
  end if;
  update tripgrid.settings set retired_before = window_end, retired_at = clock_timestamp();
  return true;
end
$$;
comment on function tripgrid_internal.archive_weeks is 'Moves the counts of the closed weeks to where no refresh touches them';

-- select tripgrid_internal.archive_weeks();
