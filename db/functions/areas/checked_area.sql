-- Returns an area if it can be queried. Otherwise raises an error that says what is wrong with it and where.
--
-- In:     area, polygon or multipolygon in degrees, longitude first; SRID 4326, or 0, which counts as 4326
-- Out:    the same area with SRID 4326 and without height. Parts of a multipolygon that share an edge or overlap are united.
--         Null: null
-- Errors: TG001. The detail is JSON: {"at": [lon, lat]} where a place is known, {"vertices", "max_vertices"} for more than 50,000
--         vertices.
create or replace function tripgrid.checked_area(area geometry) returns geometry
language plpgsql immutable parallel safe security definer set search_path from current as $$
declare
  max_vertices constant integer := 50000;
  flat    geometry := st_force2d(area);
  verdict record;
begin
  if area is null then
    return null;
  end if;
  if st_srid(area) not in (0, 4326) then
    raise exception 'The area has SRID %; expected 4326, longitude and latitude in degrees.', st_srid(area)
      using errcode = 'TG001';
  end if;
  if geometrytype(flat) not in ('POLYGON', 'MULTIPOLYGON') then
    raise exception 'The area is a %; expected a polygon or a multipolygon.', lower(geometrytype(flat))
      using errcode = 'TG001';
  end if;
  if st_isempty(flat) then
    raise exception 'The area is empty.' using errcode = 'TG001';
  end if;
  if st_npoints(flat) > max_vertices then
    raise exception 'The area has % vertices; at most % are allowed.', st_npoints(flat), max_vertices
      using errcode = 'TG001', detail = jsonb_build_object('vertices', st_npoints(flat), 'max_vertices', max_vertices);
  end if;
  if not (st_xmin(flat) >= -180 and st_xmax(flat) <= 180 and st_ymin(flat) >= -90 and st_ymax(flat) <= 90) then
    select st_x(geom) as lon, st_y(geom) as lat into verdict from st_dumppoints(flat)
      where not (st_x(geom) between -180 and 180 and st_y(geom) between -90 and 90) limit 1;
    raise exception 'The area leaves the world at (%, %): longitude must be within -180..180, latitude within -90..90.',
      verdict.lon, verdict.lat
      using errcode = 'TG001', detail = case when verdict.lon::text || verdict.lat::text ~ '[a-zA-Z]{3}' then ''
                                        else jsonb_build_object('at', jsonb_build_array(verdict.lon, verdict.lat))::text end;
  end if;
  select * into verdict from st_isvaliddetail(flat);
  if not verdict.valid and geometrytype(flat) = 'MULTIPOLYGON'
     and not exists (select from st_dump(flat) part where not st_isvalid(part.geom)) then
    return st_setsrid(st_unaryunion(flat), 4326);
  end if;
  if not verdict.valid then
    raise exception 'The area is not valid: % at (%, %). Mend it there, or ask with make_valid=true (in SQL: st_makevalid).',
      lower(verdict.reason), st_x(verdict.location), st_y(verdict.location)
      using errcode = 'TG001',
            detail = jsonb_build_object('at', jsonb_build_array(st_x(verdict.location), st_y(verdict.location)));
  end if;
  return st_setsrid(flat, 4326);
end
$$;
comment on function tripgrid.checked_area is 'The area, if it can be asked about; otherwise an error that says what is wrong with it and where';

-- select st_astext(tripgrid.checked_area(st_makeenvelope(7.6, 45.0, 7.7, 45.1)));
