-- Takes the chunks that hold many late trips out of the columnstore. There each late trip is looked up by the bloom filters of
-- all packed trips of its source, which takes some milliseconds. The next tripgrid_internal.compress_old_trips packs the chunks again.
--
-- In:     times, local times of the late trips
-- Out:    the number of chunks taken out; always 0 without a columnstore
-- Errors: none of its own. Readers and writers of these chunks wait, a minute for ten million trips. The function itself waits
--         for other calls that pack or unpack, so set a lock_timeout.
create or replace function tripgrid_internal.unpack_trips(times timestamp[]) returns integer
language plpgsql volatile set search_path from current as $$
declare
  -- Looking up fewer trips is faster than unpacking a chunk.
  many_late constant integer := 200;
  packed   regclass;
  unpacked integer := 0;
begin
  if to_regclass('timescaledb_information.chunks') is null then
    return 0;
  end if;
  -- Calls run one after the other, and each sees the work of the one before.
  perform pg_advisory_xact_lock(hashtext('tripgrid.pack_trips'));
  for packed in
    select format('%I.%I', c.chunk_schema, c.chunk_name)::regclass from timescaledb_information.chunks c
    where c.hypertable_schema = 'tripgrid' and c.hypertable_name = 'trips' and c.is_compressed
      and (select count(*) from unnest(times) t
           where t >= c.range_start at time zone 'UTC' and t < c.range_end at time zone 'UTC') >= many_late
    order by c.range_start
  loop
    perform decompress_chunk(packed);
    unpacked := unpacked + 1;
  end loop;
  return unpacked;
end
$$;
comment on function tripgrid_internal.unpack_trips is 'Takes the chunks that hold many of some local times out of the columnstore; how many there were';

-- select tripgrid_internal.unpack_trips(array_fill('2018-05-21 02:54:04'::timestamp, array[200]));
