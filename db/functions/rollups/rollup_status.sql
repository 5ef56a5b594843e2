-- Returns how far the rollups are behind the trips: one row.
--
-- In:     nothing
-- Out:    weeks_behind, the number of weeks that are answered from the trips until the rollups include them
--         trips_behind, the maximum number of trips added to these weeks or removed from them since
--         behind_since, the time of the oldest write that the rollups do not include; null if there is none
--         retired_before, weeks before this one keep only their counts; null if no week is retired
-- Errors: none of its own
create or replace function tripgrid_internal.rollup_status()
returns table (weeks_behind integer, trips_behind bigint, behind_since timestamptz, retired_before date)
language sql stable set search_path from current as $$
  select count(distinct p.week)::int, coalesce(sum(p.inserted + p.removed), 0)::bigint, min(p.created_at),
         (select s.retired_before from tripgrid.settings s where isfinite(s.retired_before))
  from tripgrid_internal.pending_weeks p;
$$;
comment on function tripgrid_internal.rollup_status is 'How far the rollups are behind the trips';

-- select * from tripgrid_internal.rollup_status();
