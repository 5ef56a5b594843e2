-- Creates the partitions of tripgrid.trips that hold the given local times: four weeks each, cut on Mondays.
--
-- In:     times, local times of trips, without time zone
-- Out:    the number of partitions created; always 0 where tripgrid.trips creates its own (TimescaleDB)
-- Errors: none of its own. Closed weeks get no partition, so a trip in such a week finds none.
--
-- Call it in a transaction of its own, before the trips are written: partitions created inside batches deadlock with other
-- batches. The table is created first and attached then, which does not wait for readers or writers of trips.
create or replace function tripgrid_internal.ensure_partitions(times timestamp[]) returns integer
language plpgsql volatile set search_path from current as $$
declare
  first_monday constant date := '2000-01-03';
  starts date;
  child  text;
  made   integer := 0;
begin
  if (select relkind from pg_class where oid = 'tripgrid.trips'::regclass) <> 'p' then
    return 0;
  end if;
  for starts in
    select distinct first_monday + 28 * floor((t::date - first_monday) / 28.0)::int from unnest(times) t
    where t >= (select s.closed_before from tripgrid.settings s) order by 1
  loop
    child := format('trips_%s', to_char(starts, 'YYYYMMDD'));
    continue when to_regclass(format('tripgrid.%I', child)) is not null;
    -- Calls that need the same partition run one after the other, and the later one finds it. It looks by query, because
    -- to_regclass would return what this session cached before it waited.
    perform pg_advisory_xact_lock(hashtext('tripgrid_internal.ensure_partitions'));
    continue when exists (select from pg_class where relname = child and relnamespace = 'tripgrid'::regnamespace);
    execute format('create table tripgrid.%I (like tripgrid.trips including all excluding indexes)', child);
    execute format('alter table tripgrid.trips attach partition tripgrid.%I for values from (%L) to (%L)',
                   child, starts, starts + 28);
    made := made + 1;
  end loop;
  return made;
end
$$;
comment on function tripgrid_internal.ensure_partitions is 'Makes the partitions that hold the given local times; how many it made';

-- select tripgrid_internal.ensure_partitions(array['2018-05-21 02:54:04'::timestamp]);
