-- Returns areas that can be queried, each as tripgrid.checked_area does.
--
-- In:     areas, polygons or multipolygons
-- Out:    the same areas in the same order
-- Errors: TG001, as tripgrid.checked_area; the message begins with the number of the area, from 1, and the detail has it as "area"
--
-- Usually all are in order, which one statement finds. Only otherwise each is checked by itself, to say what is wrong with it.
create or replace function tripgrid_internal.checked_areas(areas geometry[]) returns geometry[]
language plpgsql immutable parallel safe set search_path from current as $$
declare
  checked geometry[];
  message text;
  place   text;
begin
  if (select bool_and(a.area is not null and st_srid(a.area) in (0, 4326) and geometrytype(a.area) in ('POLYGON', 'MULTIPOLYGON')
                      and not st_isempty(a.area) and st_npoints(a.area) <= 50000
                      and st_xmin(a.area) >= -180 and st_xmax(a.area) <= 180 and st_ymin(a.area) >= -90 and st_ymax(a.area) <= 90
                      and (st_isvaliddetail(st_force2d(a.area))).valid)
      from unnest(areas) a (area)) then
    return array(select st_setsrid(st_force2d(a.area), 4326) from unnest(areas) with ordinality a (area, n) order by a.n);
  end if;
  for n in 1 .. coalesce(cardinality(areas), 0) loop
    begin
      if areas[n] is null then
        raise exception 'The area is null; expected a polygon or a multipolygon.' using errcode = 'TG001';
      end if;
      checked[n] := tripgrid.checked_area(areas[n]);
    exception when sqlstate 'TG001' then
      get stacked diagnostics message = message_text, place = pg_exception_detail;
      raise exception 'Area %: %', n, message
        using errcode = 'TG001', detail = (coalesce(nullif(place, ''), '{}')::jsonb || jsonb_build_object('area', n))::text;
    end;
  end loop;
  return checked;
end
$$;
comment on function tripgrid_internal.checked_areas is 'Areas, if they can be asked about; otherwise an error that says which one cannot, and why';

-- select cardinality(tripgrid_internal.checked_areas(array[st_makeenvelope(7.6, 45.0, 7.7, 45.1)]));
