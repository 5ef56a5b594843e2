-- Moves one chunk of trips into the columnstore, the oldest that is not there and older than so many weeks, or that many late trips
-- came to since. Only on TimescaleDB.
--
-- In:     weeks, how old the last of its trips is at least
-- Out:    the chunk's name; null if there is none to move
-- Errors: none of its own. Whoever writes trips of those weeks waits; set a lock_timeout for waiting for them.
create or replace function tripgrid.compress_old_trips(weeks integer) returns text
language plpgsql volatile set search_path from current as $$
declare
  -- Packing them anew means to pack the whole chunk.
  much_late constant bigint := 50000;
  is_partly constant integer := 8;
  old record;
begin
  if to_regclass('timescaledb_information.chunks') is null then
    return null;
  end if;
  perform pg_advisory_xact_lock(hashtext('tripgrid.pack_trips'));
  select format('%I.%I', c.chunk_schema, c.chunk_name)::regclass as chunk, c.range_end at time zone 'UTC' as closes into old
  from timescaledb_information.chunks c
  cross join tripgrid.settings s
  where c.hypertable_schema = 'tripgrid' and c.hypertable_name = 'trips'
    and c.range_end at time zone 'UTC' <= (now() at time zone s.time_zone) - make_interval(weeks => weeks)
    and (not c.is_compressed
         or exists (select from _timescaledb_catalog.chunk k
                    where k.schema_name = c.chunk_schema and k.table_name = c.chunk_name and k.status & is_partly > 0
                      -- The file stays as large as it was when they are gone from it.
                      and pg_stat_get_live_tuples(format('%I.%I', c.chunk_schema, c.chunk_name)::regclass) > much_late))
  order by c.is_compressed, c.range_end limit 1;
  if old is null then
    return null;
  end if;
  perform compress_chunk(old.chunk, if_not_compressed => true);
  -- It speaks of how questions are answered, not of what there is.
  update tripgrid.settings set columnar_before = old.closes where columnar_before < old.closes;
  return old.chunk::text;
end
$$;
comment on function tripgrid.compress_old_trips is 'Moves one old chunk of trips into the columnstore; its name';

-- select tripgrid.compress_old_trips(26);
