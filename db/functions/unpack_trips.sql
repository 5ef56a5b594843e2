-- Takes the chunks that hold many of some local times out of the columnstore: for late trips, each of which would be looked for by
-- the bloom filters of all that is packed of its source, some milliseconds each. The next compress_old_trips packs them again.
--
-- In:     times, local times of trips
-- Out:    how many chunks there were; always 0 where there is no columnstore
-- Errors: none of its own. Whoever reads or writes these chunks waits, a minute for ten million trips; waits itself for whoever packs
--         or unpacks, so set a lock_timeout.
create or replace function tripgrid.unpack_trips(times timestamp[]) returns integer
language plpgsql volatile set search_path from current as $$
declare
  -- Fewer are sooner looked for than a chunk is unpacked.
  many_late constant integer := 200;
  packed   regclass;
  unpacked integer := 0;
begin
  if to_regclass('timescaledb_information.chunks') is null then
    return 0;
  end if;
  -- One after the other, and each sees what the one before has done.
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
comment on function tripgrid.unpack_trips is 'Takes the chunks that hold many of some local times out of the columnstore; how many there were';

-- select tripgrid.unpack_trips(array_fill('2018-05-21 02:54:04'::timestamp, array[200]));
