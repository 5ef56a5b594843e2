-- Returns areas that can be queried, each as tripgrid.checked_area does.
--
-- In:     areas, polygons or multipolygons
-- Out:    the same areas in the same order
-- Errors: TG001, as tripgrid.checked_area; the message begins with the number of the area, from 1, and the detail has it as "area"
create or replace function tripgrid_internal.checked_areas(areas geometry[]) returns geometry[]
language plpgsql immutable parallel safe set search_path from current as $$
declare
  checked geometry[];
  message text;
  place   text;
begin
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
