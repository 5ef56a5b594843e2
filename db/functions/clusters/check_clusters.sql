-- Raises an error that names the parameter if a parameter of clusters makes no sense. Returns nothing.
--
-- In:     match, as tripgrid.cluster_answer; has_area, true if there is an area or a cluster's own cells; options
-- Errors: TG002
create or replace function tripgrid_internal.check_clusters(match text, has_area boolean, options tripgrid_internal.cluster_options)
returns void language plpgsql immutable parallel safe set search_path from current as $$
begin
  if match = 'either' then
    raise exception 'match: expected origin, destination or both, but got either.' using errcode = 'TG002';
  elsif options.size not between 4 and 7 then
    raise exception 'precision: expected 4 to 7, but got %.', options.size using errcode = 'TG002';
  elsif options.cluster_by is null or options.cluster_by not in ('cells', 'hotspots') then
    raise exception 'group: expected cells or hotspots, but got %.', options.cluster_by using errcode = 'TG002';
  elsif not has_area and options.cluster_by = 'hotspots' then
    raise exception 'group: hotspots are found within an area, and none was given.' using errcode = 'TG002';
  elsif not has_area and options.size > 5 then
    raise exception 'precision: expected 4 or 5 where no area is given, but got %.', options.size using errcode = 'TG002';
  elsif options.order_by is null or options.order_by not in ('trips', 'distance', 'duration', 'id') then
    raise exception 'order: expected trips, distance, duration or id, but got %.', options.order_by using errcode = 'TG002';
  elsif options.max_clusters is null or options.max_clusters not between 1 and 10000 then
    raise exception 'limit: expected 1 to 10000, but got %.', options.max_clusters using errcode = 'TG002';
  elsif options.min_trips < 1 then
    raise exception 'min_trips: expected 1 or more, but got %.', options.min_trips using errcode = 'TG002';
  end if;
end
$$;
comment on function tripgrid_internal.check_clusters is 'Refuses parameters of clusters that make no sense';

-- select tripgrid_internal.check_clusters('origin', true, row(5, 'cells', null, 'trips', 100, null));
