-- The area that GeoJSON geometries make together: each must be a valid polygon or multipolygon; several are united.
--
-- In:     geometries, GeoJSON geometry objects as text, degrees, longitude first (RFC 7946)
-- Out:    one polygon or multipolygon, SRID 4326
-- Errors: TG001, as tripgrid.checked_area
create or replace function tripgrid.area_from_geojson(variadic geometries text[]) returns geometry
language plpgsql immutable parallel safe security definer set search_path from current as $$
declare
  parts geometry[];
begin
  select array_agg(tripgrid.checked_area(st_geomfromgeojson(g)) order by i) into parts
    from unnest(geometries) with ordinality u (g, i);
  return case when cardinality(parts) = 1 then parts[1] else tripgrid.checked_area(st_union(parts)) end;
end
$$;
comment on function tripgrid.area_from_geojson is 'The area that GeoJSON polygons make together';

-- select st_astext(tripgrid.area_from_geojson('{"type":"Polygon","coordinates":[[[7.6,45],[7.7,45],[7.7,45.1],[7.6,45]]]}'));
