-- Drops the trips of retired weeks, in whole partitions or chunks. A chunk that also holds trips of later weeks stays until these
-- are retired; no weekly count includes its trips of the earlier weeks.
--
-- In:     since, how long ago the weeks must have been retired: a query that began before that may still read their trips
-- Out:    the number of partitions or chunks dropped
-- Errors: none of its own. Waits for readers of the trips, and other queries wait meanwhile: set a lock_timeout.
create or replace function tripgrid_internal.drop_archived_trips(since interval default interval '1 hour') returns integer
language plpgsql volatile set search_path from current as $$
declare
  retired date;
  child   text;
  dropped integer := 0;
begin
  select s.retired_before into retired from tripgrid.settings s where s.retired_at <= now() - since;
  if retired is null then
    return 0;
  end if;
  if (select relkind from pg_class where oid = 'tripgrid.trips'::regclass) = 'p' then
    for child in
      select c.relname from pg_inherits i join pg_class c on c.oid = i.inhrelid
      where i.inhparent = 'tripgrid.trips'::regclass and c.relname ~ '^trips_\d{8}$'
        and to_date(right(c.relname, 8), 'YYYYMMDD') + 28 <= retired
    loop
      execute format('drop table tripgrid.%I', child);
      dropped := dropped + 1;
    end loop;
    return dropped;
  end if;
  select count(*) into dropped from drop_chunks('tripgrid.trips', older_than => retired::timestamp);
  perform drop_chunks(format('tripgrid_internal.live_%s', r)::regclass, older_than => retired::timestamp)
  from (select format('weekly_%s_%s', e, size) as r
        from unnest(array['origins', 'destinations']) e, generate_series(4, 7) size
        union all values ('hourly_regions'), ('weekly_clusters'), ('weekly_drivers')) rollups;
  return dropped;
end
$$;
comment on function tripgrid_internal.drop_archived_trips is 'Drops the trips of retired weeks; how many partitions or chunks';

-- select tripgrid_internal.drop_archived_trips();
