-- Moves changes of the counts of detections into the counts by day and by month, the oldest first.
--
-- In:     changes, at most so many
-- Out:    how many were moved; 0 too while another session moves some
-- Errors: none of its own
create or replace function tripgrid_internal.fold_detection_counts(changes integer) returns integer
language plpgsql volatile set search_path from current as $$
declare
  moved integer;
begin
  if not pg_try_advisory_xact_lock(hashtext('tripgrid.fold_detection_counts')) then
    return 0;
  end if;
  with taken as (
    delete from tripgrid_internal.detection_count_changes
    where id in (select c.id from tripgrid_internal.detection_count_changes c order by c.id limit changes)
    returning dimension, value, day, n
  ), added as (
    insert into tripgrid_internal.detection_counts as held (dimension, value, day, n)
    select dimension, value, day, sum(n) from taken group by 1, 2, 3
    on conflict (dimension, value, day) do update set n = held.n + excluded.n
  ), added_to_months as (
    insert into tripgrid_internal.detection_month_counts as held (dimension, value, month, n)
    select dimension, value, date_trunc('month', day)::date, sum(n) from taken group by 1, 2, 3
    on conflict (dimension, value, month) do update set n = held.n + excluded.n
  )
  select count(*) into moved from taken;
  return moved;
end
$$;
comment on function tripgrid_internal.fold_detection_counts is 'Moves changes of the counts of detections into the counts; how many';

-- select tripgrid_internal.fold_detection_counts(50000);
