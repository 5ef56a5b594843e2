-- Returns the area that GeoJSON geometries make together. Each must be a valid polygon or multipolygon; several are united, and so
-- are the parts of a multipolygon that share an edge.
--
-- In:     geometries, GeoJSON geometry objects as text, degrees, longitude first (RFC 7946), or with a member crs
-- Out:    one polygon or multipolygon, SRID 4326
-- Errors: TG001, as tripgrid.checked_area and tripgrid_internal.geometry_from_geojson
create or replace function tripgrid.area_from_geojson(variadic geometries text[]) returns geometry
language plpgsql stable parallel safe security definer set search_path from current as $$
declare
  parts geometry[];
begin
  select array_agg(tripgrid.checked_area(tripgrid_internal.geometry_from_geojson(g)) order by i) into parts
    from unnest(geometries) with ordinality u (g, i);
  return case when cardinality(parts) = 1 then parts[1] else tripgrid.checked_area(st_union(parts)) end;
end
$$;
comment on function tripgrid.area_from_geojson is 'The area that GeoJSON polygons make together';

-- select st_astext(tripgrid.area_from_geojson('{"type":"Polygon","coordinates":[[[7.6,45],[7.7,45],[7.7,45.1],[7.6,45]]]}'));
