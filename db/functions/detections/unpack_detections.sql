-- Takes the chunks between two instants out of the columnstore: there, a statement may only change a limited number of rows. Packing
-- old detections, which follows, packs them again.
--
-- In:     first and last, instants
-- Out:    the number of chunks taken out; always 0 without a columnstore
-- Errors: none of its own. Readers and writers of these chunks wait, as the function does for them: set a lock_timeout.
create or replace function tripgrid_internal.unpack_detections(first timestamptz, last timestamptz) returns integer
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
    where c.hypertable_schema = 'tripgrid' and c.hypertable_name = 'detections' and c.is_compressed
      and c.range_start <= last and c.range_end > first
    order by c.range_start
  loop
    perform decompress_chunk(packed, if_compressed => true);
    unpacked := unpacked + 1;
  end loop;
  return unpacked;
end
$$;
comment on function tripgrid_internal.unpack_detections is 'Takes the chunks between two instants out of the columnstore; how many there were';

-- select tripgrid_internal.unpack_detections(now() - interval '1 hour', now());
