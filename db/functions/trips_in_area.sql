-- The trips of an area, as SQL that is to be part of a statement made from parts.
--
-- In:     cells and inside, what tripgrid.area_cover gives for the area; null: there is no area
--         match, which end of a trip must lie in it: origin, destination or both
--         by_end, origin or destination: by the cells of which end trips are looked for
--         columns, those of a trip, t, that are read; in the index on a cell stand its point, the other end's cell and the time
--         opens and closes, local times, the second not included; more, one more condition on a trip
-- Out:    SELECTs that name $1, cells in which to look for trips, and $2, whether these lie inside; $3 source, $4 region, $5 hours and
--         $6 days (null: all), and $9 the area
-- Errors: none of its own
--
-- Those in the columnstore are gone through once, and not cell by cell. OFFSET 0 makes the planner go from the cells to their
-- trips, "is true" keeps it from going in by the source.
create or replace function tripgrid.trips_in_area(
  cells text[], inside boolean[], match text, by_end text, columns text, opens timestamp, closes timestamp, more text default 'true')
returns text language plpgsql stable set search_path from current as $$
declare
  packed constant timestamp := (select least(s.columnar_before, closes) from tripgrid.settings s);
  other  constant text := case when cells is not null and (match = 'both' or match <> by_end)
                               then tripgrid.lies_in(cells, inside, case by_end when 'origin' then 'destination' else 'origin' end) else 'true' end;
  filters constant text := $f$
    and ($3 is null or (t.source = $3) is true) and ($4 is null or (t.region = $4) is true)
    and ($5 is null or date_part('hour', t.local_time)::int = any ($5))
    and ($6 is null or date_part('isodow', t.local_time)::int = any ($6)) and $f$ || more || ' and ' || other;
  during text;
  parts  text[] := '{}';
begin
  if cells is null or opens < packed then
    during := format('t.local_time >= %L and t.local_time < %L', opens, case when cells is null then closes else packed end);
    parts := array[format('select %s from tripgrid.trips t where %s %s and %s', columns, during, filters,
                          case when cells is null then 'true' else tripgrid.lies_in(cells, inside, case match when 'both' then by_end else match end) end)];
  end if;
  if cells is not null and packed < closes then
    -- Where there is no limit nothing is said of the time: not knowing better, the planner might go in by it.
    during := concat_ws(' and ', 'true', case when isfinite(greatest(opens, packed)) then format('t.local_time >= %L', greatest(opens, packed)) end,
                        case when isfinite(closes) then format('t.local_time < %L', closes) end);
    parts := parts || format($f$
      select %1$s from unnest($1, $2) c (cell, "inner")
      cross join lateral (
        select %1$s from tripgrid.trips t
        where t.%2$I >= c.cell collate "C" and t.%2$I < c.cell || '{' collate "C" and %3$s %4$s
          and (c."inner" or st_intersects($9, t.%5$I))
        offset 0) t$f$, columns, left(by_end, 1) || '_cell', during, filters, by_end);
  end if;
  return array_to_string(parts, ' union all ');
end
$$;
comment on function tripgrid.trips_in_area is 'The trips of an area, as SQL to be part of a statement';

-- select tripgrid.trips_in_area(array['u0j2'], array[true], 'origin', 'origin', 't.o_cell, t.d_cell', '2018-05-28', '2018-06-04');
