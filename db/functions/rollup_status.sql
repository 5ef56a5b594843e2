-- How far the rollups are behind the trips: one row.
--
-- In:     nothing
-- Out:    weeks_behind, weeks that are answered from the trips until the rollups have taken them up
--         trips_behind, at most so many trips of theirs came or went since
--         behind_since, when the oldest write that is not taken up was made; null if there is none
--         retired_before, of the weeks before this one only the counts are kept; null if there are none
-- Errors: none of its own
create or replace function tripgrid.rollup_status()
returns table (weeks_behind integer, trips_behind bigint, behind_since timestamptz, retired_before date)
language sql stable set search_path from current as $$
  select count(distinct p.week)::int, coalesce(sum(p.inserted + p.removed), 0)::bigint, min(p.created_at),
         (select s.retired_before from tripgrid.settings s where isfinite(s.retired_before))
  from tripgrid.pending_weeks p;
$$;
comment on function tripgrid.rollup_status is 'How far the rollups are behind the trips';

-- select * from tripgrid.rollup_status();
