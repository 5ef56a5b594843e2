-- Removes some detections of a batch, from the counts too.
--
-- In:     batch, its number; ids and seen, the identities, as many of one as of the other
-- Out:    how many were removed
-- Errors: none of its own. In chunks of the columnstore it unpacks what was seen between the first and the last one.
create or replace function tripgrid_internal.remove_detections(batch integer, ids uuid[], seen timestamptz[]) returns integer
language plpgsql volatile set search_path from current as $$
declare
  first   timestamptz;
  last    timestamptz;
  removed integer;
begin
  select min(s), max(s) into first, last from unnest(seen) s;
  -- With these bounds the other chunks are not looked at.
  execute $remove$
    with gone as (
      delete from tripgrid.detections d
      using unnest($2, $3) s (id, seen_at)
      where d.id = s.id and d.seen_at = s.seen_at and d.batch = $1 and d.seen_at between $4 and $5
      returning d.local_time, d.year, d.make, d.model, d.category, d.camera
    ), counted as (
      insert into tripgrid_internal.detection_count_changes (dimension, value, day, n)
      select d.dimension, d.value, g.local_time::date, -count(*)
      from gone g
      cross join lateral (values ('make', g.make), ('model', g.model), ('category', g.category), ('year', g.year::text),
                                 ('camera', coalesce(g.camera, '')), ('hour', extract(hour from g.local_time)::int::text)) d (dimension, value)
      group by 1, 2, 3
    )
    select count(*)::int from gone$remove$ into removed using batch, ids, seen, first, last;
  return removed;
end
$$;
comment on function tripgrid_internal.remove_detections is 'Removes some detections of a batch, from the counts too; how many';

-- select tripgrid_internal.remove_detections(64, array['5e0c2a1e-8d0c-4a5e-9a39-4f1f0c8f7a11']::uuid[], array[now()]);
