-- Refuses parameters of clusters that make no sense, with an error that names the parameter; returns nothing.
--
-- In:     as tripgrid.cluster_answer; has_area, or a cluster's own cells; size, the characters of the cells
-- Errors: TG002
create or replace function tripgrid.check_clusters(
  match text, has_area boolean, size integer, cluster_by text, order_by text, max_clusters integer, min_trips integer)
returns void language plpgsql immutable parallel safe set search_path from current as $$
begin
  if match = 'either' then
    raise exception 'match: expected origin, destination or both, but got either.' using errcode = 'TG002';
  elsif size not between 4 and 7 then
    raise exception 'precision: expected 4 to 7, but got %.', size using errcode = 'TG002';
  elsif cluster_by is null or cluster_by not in ('cells', 'hotspots') then
    raise exception 'group: expected cells or hotspots, but got %.', cluster_by using errcode = 'TG002';
  elsif not has_area and cluster_by = 'hotspots' then
    raise exception 'group: hotspots are found within an area, and none was given.' using errcode = 'TG002';
  elsif not has_area and size > 5 then
    raise exception 'precision: expected 4 or 5 where no area is given, but got %.', size using errcode = 'TG002';
  elsif order_by is null or order_by not in ('trips', 'distance', 'duration', 'id') then
    raise exception 'order: expected trips, distance, duration or id, but got %.', order_by using errcode = 'TG002';
  elsif max_clusters is null or max_clusters not between 1 and 10000 then
    raise exception 'limit: expected 1 to 10000, but got %.', max_clusters using errcode = 'TG002';
  elsif min_trips < 1 then
    raise exception 'min_trips: expected 1 or more, but got %.', min_trips using errcode = 'TG002';
  end if;
end
$$;
comment on function tripgrid.check_clusters is 'Refuses parameters of clusters that make no sense';

-- select tripgrid.check_clusters('origin', true, 5, 'cells', 'trips', 100, null);
