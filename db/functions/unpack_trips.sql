-- Takes the chunks that hold some local times out of the columnstore: for many late trips at once, each of which would be looked for in
-- all that is packed of its source, some milliseconds each. The next compress_old_trips packs them again.
--
-- In:     times, local times of trips
-- Out:    how many chunks there were; always 0 where there is no columnstore
-- Errors: none of its own. Whoever reads or writes these chunks waits, a minute for ten million trips.
create or replace function tripgrid.unpack_trips(times timestamp[]) returns integer
language plpgsql volatile set search_path from current as $$
declare
  packed   regclass;
  unpacked integer := 0;
begin
  if to_regclass('timescaledb_information.chunks') is null then
    return 0;
  end if;
  for packed in
    select format('%I.%I', c.chunk_schema, c.chunk_name)::regclass from timescaledb_information.chunks c
    where c.hypertable_schema = 'tripgrid' and c.hypertable_name = 'trips' and c.is_compressed
      and exists (select from unnest(times) t where t >= c.range_start::timestamp and t < c.range_end::timestamp)
  loop
    perform decompress_chunk(packed);
    unpacked := unpacked + 1;
  end loop;
  return unpacked;
end
$$;
comment on function tripgrid.unpack_trips is 'Takes the chunks that hold some local times out of the columnstore; how many there were';

-- select tripgrid.unpack_trips(array['2018-05-21 02:54:04'::timestamp]);
