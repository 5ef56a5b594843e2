-- Makes the partitions of tripgrid.trips that hold the given local times, four weeks each, cut on Mondays.
--
-- In:     times, local times of trips, without time zone
-- Out:    how many partitions were made; always 0 where tripgrid.trips makes its own (TimescaleDB)
-- Errors: none of its own; closed weeks get no partition, so a trip of theirs finds none
--
-- Call it in a transaction of its own, before the trips are written: made inside of batches, partitions deadlock with
-- other batches. The table is made first and attached then, which does not wait for those who read or write trips.
create or replace function tripgrid.ensure_partitions(times timestamp[]) returns integer
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
    -- Callers that want the same partition go one after the other, and the later one finds it made: by a query, since
    -- to_regclass would still give what this session remembers from before it waited.
    perform pg_advisory_xact_lock(hashtext('tripgrid.ensure_partitions'));
    continue when exists (select from pg_class where relname = child and relnamespace = 'tripgrid'::regnamespace);
    execute format('create table tripgrid.%I (like tripgrid.trips including all excluding indexes)', child);
    execute format('alter table tripgrid.trips attach partition tripgrid.%I for values from (%L) to (%L)',
                   child, starts, starts + 28);
    made := made + 1;
  end loop;
  return made;
end
$$;
comment on function tripgrid.ensure_partitions is 'Makes the partitions that hold the given local times; how many it made';

-- select tripgrid.ensure_partitions(array['2018-05-21 02:54:04'::timestamp]);
