-- Returns the geometry of GeoJSON in degrees. A member crs, as GeoJSON of 2008 has it, is read: a system other than longitude and
-- latitude on WGS 84 is transformed.
--
-- In:     geojson, a geometry object. Coordinates in the order of GeoJSON: longitude or easting first
-- Out:    the geometry, SRID 4326
-- Errors: TG001 if the database does not know the coordinate reference system, or cannot transform the geometry from it
create or replace function tripgrid_internal.geometry_from_geojson(geojson text) returns geometry
language plpgsql stable strict parallel safe set search_path from current as $$
declare
  crs  text;
  code integer;
  moved geometry;
begin
  if strpos(geojson, '"crs"') = 0 then
    return st_geomfromgeojson(geojson);
  end if;
  crs := geojson::json #>> '{crs,properties,name}';
  if crs is null or crs ~* '(CRS84|:4326)$' then
    return st_setsrid(st_geomfromgeojson((geojson::jsonb - 'crs')::text), 4326);
  end if;
  select r.srid into code from spatial_ref_sys r
    where r.auth_name = 'EPSG' and r.auth_srid = substring(crs from '^(?:urn:ogc:def:crs:)?EPSG:(?:[0-9.]*:)?([0-9]{1,6})$')::integer;
  if code is null then
    raise exception 'The area has the coordinate reference system %, which is not known: transform it to longitude and latitude, EPSG:4326.', left(crs, 60)
      using errcode = 'TG001';
  end if;
  begin
    moved := st_transform(st_setsrid(st_geomfromgeojson((geojson::jsonb - 'crs')::text), code), 4326);
  exception when others then
    raise exception 'The area cannot be transformed from % to longitude and latitude: are its coordinates of that system?', left(crs, 60)
      using errcode = 'TG001';
  end;
  return moved;
end
$$;
comment on function tripgrid_internal.geometry_from_geojson is 'The geometry of GeoJSON in degrees, transformed if a member crs asks for it';

-- select st_astext(tripgrid_internal.geometry_from_geojson('{"type":"Point","coordinates":[567000,5934000],"crs":{"type":"name","properties":{"name":"EPSG:25832"}}}'));
