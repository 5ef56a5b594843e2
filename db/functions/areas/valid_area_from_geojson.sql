-- Returns the area that GeoJSON geometries make together, like tripgrid.area_from_geojson. A geometry that is not valid, such as
-- a polygon whose edges cross, is mended by ST_MakeValid instead of refused.
--
-- In:     geometries, as tripgrid.area_from_geojson
-- Out:    one polygon or multipolygon, SRID 4326
-- Errors: TG001, as tripgrid.checked_area and tripgrid_internal.geometry_from_geojson; also if nothing with a surface is left
create or replace function tripgrid.valid_area_from_geojson(variadic geometries text[]) returns geometry
language plpgsql stable parallel safe security definer set search_path from current as $$
declare
  parts geometry[];
begin
  select array_agg(tripgrid.checked_area(st_collectionextract(st_makevalid(st_force2d(tripgrid_internal.geometry_from_geojson(g))), 3)) order by i)
    into parts
    from unnest(geometries) with ordinality u (g, i);
  return case when cardinality(parts) = 1 then parts[1] else tripgrid.checked_area(st_union(parts)) end;
end
$$;
comment on function tripgrid.valid_area_from_geojson is 'The area that GeoJSON polygons make together, mended if they are not valid';

-- select st_astext(tripgrid.valid_area_from_geojson('{"type":"Polygon","coordinates":[[[0,0],[2,2],[2,0],[0,2],[0,0]]]}'));
