-- Drops detections that are old enough. They stay counted in the statistics.
--
-- In:     weeks, the age; rows, how many one call drops at most where the table has no chunks
-- Out:    how many were dropped; null: there are none left, or another session drops them now
-- Errors: none of its own. On TimescaleDB, which drops whole chunks, it waits for writers and readers of detections, and others wait
--         meanwhile: set a lock_timeout.
create or replace function tripgrid_internal.drop_old_detections(weeks integer, rows integer) returns bigint
language plpgsql volatile set search_path from current as $$
declare
  before  timestamptz := now() - make_interval(weeks => weeks);
  old     record;
  dropped bigint;
begin
  -- Otherwise another session would count the same chunk, and find it gone.
  if not pg_try_advisory_xact_lock(hashtext('tripgrid.drop_old_detections')) then
    return null;
  end if;
  if (select s.engine from tripgrid.settings s) <> 'timescaledb' then
    delete from tripgrid.detections d
    where (d.id, d.seen_at) in (
      select o.id, o.seen_at from tripgrid.detections o where o.seen_at < before order by o.seen_at limit rows for update skip locked);
    get diagnostics dropped = row_count;
    if dropped = 0 then
      return null;
    end if;
  else
    select format('%I.%I', c.chunk_schema, c.chunk_name)::regclass as chunk, c.range_start, c.range_end into old
    from timescaledb_information.chunks c
    where c.hypertable_schema = 'tripgrid' and c.hypertable_name = 'detections' and c.range_end <= before
    order by c.range_end limit 1;
    if old is null then
      return null;
    end if;
    lock table tripgrid.detections in share row exclusive mode;
    execute format('select count(*) from %s', old.chunk) into dropped;
    perform drop_chunks('tripgrid.detections', older_than => old.range_end, newer_than => old.range_start);
  end if;
  update tripgrid_internal.dropped_detections set n = n + dropped;
  return dropped;
end
$$;
comment on function tripgrid_internal.drop_old_detections is 'Drops some of the detections that are old enough; how many';

-- select tripgrid_internal.drop_old_detections(52, 5000);
