-- Moves one chunk of trips into the columnstore: the oldest that is old enough and is not there yet, or has received many late
-- trips since. Only on TimescaleDB.
--
-- In:     weeks, the minimum age of the chunk's last trip
-- Out:    the chunk's name; null if there is none to move
-- Errors: none of its own. Writers of trips of those weeks wait. The function waits for them too, so set a lock_timeout.
create or replace function tripgrid_internal.compress_old_trips(weeks integer) returns text
language plpgsql volatile set search_path from current as $$
declare
  -- Packing late trips packs the whole chunk again.
  much_late constant bigint := 50000;
  is_partly constant integer := 8;
  old record;
begin
  if to_regclass('timescaledb_information.chunks') is null then
    return null;
  end if;
  perform pg_advisory_xact_lock(hashtext('tripgrid.pack_trips'));
  select format('%I.%I', c.chunk_schema, c.chunk_name)::regclass as chunk, c.range_end at time zone 'UTC' as chunk_end into old
  from timescaledb_information.chunks c
  cross join tripgrid.settings s
  where c.hypertable_schema = 'tripgrid' and c.hypertable_name = 'trips'
    and c.range_end at time zone 'UTC' <= (now() at time zone coalesce(s.time_zone, 'Etc/GMT+12')) - make_interval(weeks => weeks)
    and (not c.is_compressed
         or exists (select from _timescaledb_catalog.chunk k
                    where k.schema_name = c.chunk_schema and k.table_name = c.chunk_name and k.status & is_partly > 0
                      -- Counts live rows: the file keeps its size after its rows have moved out.
                      and pg_stat_get_live_tuples(format('%I.%I', c.chunk_schema, c.chunk_name)::regclass) > much_late))
  order by c.is_compressed, c.range_end limit 1;
  if old is null then
    return null;
  end if;
  perform compress_chunk(old.chunk, if_not_compressed => true);
  -- columnar_before only decides how trips are counted, not which trips exist.
  update tripgrid.settings set columnar_before = old.chunk_end where columnar_before < old.chunk_end;
  return old.chunk::text;
end
$$;
comment on function tripgrid_internal.compress_old_trips is 'Moves one old chunk of trips into the columnstore; its name';

-- select tripgrid_internal.compress_old_trips(26);
