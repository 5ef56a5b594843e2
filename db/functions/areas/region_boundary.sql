-- Returns the boundary of a region, for use as an area.
--
-- In:     name
-- Out:    its boundary, SRID 4326
-- Errors: TG003 if the region does not exist or has no boundary
create or replace function tripgrid.region_boundary(name text) returns geometry
language plpgsql stable security definer set search_path from current as $$
declare
  found_boundary geometry;
begin
  select r.boundary into found_boundary from tripgrid.regions r where r.name = region_boundary.name;
  if found_boundary is null then
    raise exception 'There is no boundary for the region "%".', name using errcode = 'TG003';
  end if;
  return found_boundary;
end
$$;
comment on function tripgrid.region_boundary is 'The boundary of a region, to ask about';

-- select * from tripgrid.weekly_averages(area => tripgrid.region_boundary('Turin'));
