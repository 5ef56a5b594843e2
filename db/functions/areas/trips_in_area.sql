-- Builds SQL that selects the trips of a selection, for use as part of a larger statement.
--
-- In:     selection, with its cells; if it has none, there is no area. Its match is origin, destination or both.
--         by_end, origin or destination: the end by whose cells the trips are searched
--         columns, the columns of a trip t to read; the index on a cell holds its point, the other end's cell and the time
--         more, one more condition on a trip
-- Out:    SELECTs; $1 is the selection. The statement may run with another window: this one is written in the text.
-- Errors: none of its own
--
-- Trips in the columnstore are read in one pass and not cell by cell. OFFSET 0 makes the planner go from the cells to their
-- trips. "is true" keeps it from searching by source.
create or replace function tripgrid_internal.trips_in_area(
  selection tripgrid.selection, by_end text, columns text, more text default 'true')
returns text language plpgsql stable set search_path from current as $$
declare
  cells  constant text[] := selection.cells;
  inside constant boolean[] := selection.inside;
  first  constant timestamp := selection.window_start;
  last   constant timestamp := selection.window_end;
  packed constant timestamp := (select least(s.columnar_before, last) from tripgrid.settings s);
  other  constant text := case when cells is not null and (selection.match = 'both' or selection.match <> by_end)
                               then tripgrid_internal.area_predicate(cells, inside, case by_end when 'origin' then 'destination' else 'origin' end) else 'true' end;
  filters constant text := $f$
    and (($1).source is null or (t.source = ($1).source) is true) and (($1).region is null or (t.region = ($1).region) is true)
    and (($1).hours is null or date_part('hour', t.local_time)::int = any (($1).hours))
    and (($1).days is null or date_part('isodow', t.local_time)::int = any (($1).days)) and $f$ || more || ' and ' || other;
  during text;
  parts  text[] := '{}';
begin
  if cells is null or first < packed then
    during := format('t.local_time >= %L and t.local_time < %L', first, case when cells is null then last else packed end);
    parts := array[format('select %s from tripgrid.trips t where %s %s and %s', columns, during, filters,
                          case when cells is null then 'true' else tripgrid_internal.area_predicate(cells, inside, case selection.match when 'both' then by_end else selection.match end) end)];
  end if;
  if cells is not null and packed < last then
    -- An open end adds no condition on the time: a condition might make the planner search by time.
    during := concat_ws(' and ', 'true', case when isfinite(greatest(first, packed)) then format('t.local_time >= %L', greatest(first, packed)) end,
                        case when isfinite(last) then format('t.local_time < %L', last) end);
    parts := parts || format($f$
      select %1$s from unnest(($1).cells, ($1).inside) c (cell, "inner")
      cross join lateral (
        select %1$s from tripgrid.trips t
        where t.%2$I >= c.cell collate "C" and t.%2$I < c.cell || '{' collate "C" and %3$s %4$s
          and (c."inner" or st_intersects(($1).area, t.%5$I))
        offset 0) t$f$, columns, left(by_end, 1) || '_cell', during, filters, by_end);
  end if;
  return array_to_string(parts, ' union all ');
end
$$;
comment on function tripgrid_internal.trips_in_area is 'The trips of a selection, as SQL to be part of a statement';

-- select tripgrid_internal.trips_in_area(row(null, array['u0j2'], array[true], 'origin', null, null, '2018-05-28', '2018-06-04', null, null), 'origin', 't.o_cell, t.d_cell');
