-- Removes the detections of a batch, from the counts too.
--
-- In:     batch, its number; first and last, the instants between which its detections were seen
-- Out:    how many were removed
-- Errors: none of its own
create or replace function tripgrid_internal.remove_detections(batch integer, first timestamptz, last timestamptz) returns integer
language sql volatile set search_path from current as $$
  with gone as (
    delete from tripgrid.detections d
    where d.batch = remove_detections.batch and d.seen_at between first and last
    returning d.local_time, d.year, d.make, d.model, d.category, d.camera
  ), counted as (
    insert into tripgrid_internal.detection_count_changes (dimension, value, day, n)
    select d.dimension, d.value, g.local_time::date, -count(*)
    from gone g
    cross join lateral (values ('make', g.make), ('model', g.model), ('category', g.category), ('year', g.year::text),
                               ('camera', coalesce(g.camera, '')), ('hour', extract(hour from g.local_time)::int::text)) d (dimension, value)
    group by 1, 2, 3
  )
  select count(*)::int from gone
$$;
comment on function tripgrid_internal.remove_detections is 'Removes the detections of a batch, from the counts too; how many';

-- select tripgrid_internal.remove_detections(64, now() - interval '1 hour', now());
