-- Counts the trips of a selection in each week from the trips in the cells of its area, for filters that the rollups do not know.
--
-- In:     selection, with an area. If it has no cells, they are computed.
-- Out:    week, its Monday; trips. A week may have several rows; sum them.
-- Errors: none of its own
--
-- A trip is found by one end, through the index on its cell. Its other end is tested by its cell too, and by its point only in a
-- cell of the area's edge. If both ends must lie in the area, trips are counted in three parts. The first two hold most of the
-- trips and stay in an index, which has one point and both cells: 1.7 million trips took 7 s from the table.
create or replace function tripgrid_internal.weekly_counts_by_trip(selection tripgrid.selection)
returns table (week date, trips bigint)
language plpgsql stable set search_path from current set jit = off as $$
declare
  columnar constant timestamp := (select least(s.columnar_before, selection.window_end) from tripgrid.settings s);
  -- An open end adds no condition on the time: a condition might make the planner search by time.
  during text := case when isfinite(greatest(selection.window_start, columnar)) then ' and t.local_time >= $2' else '' end
                 || case when isfinite(selection.window_end) then ' and t.local_time < ($1).window_end' else '' end;
  on_edge tripgrid.selection;
  part   record;
begin
  if selection.cells is null then
    select array_agg(c.cell), array_agg(c."inner") into selection.cells, selection.inside from tripgrid.area_cover(selection.area, 2048) c;
  end if;
  on_edge := selection;
  select array_agg(c.cell), array_agg(c."inner") into on_edge.cells, on_edge.inside
    from unnest(selection.cells, selection.inside) c (cell, "inner") where not c."inner";
  for part in
    select w.point, 'true' as other, 'true' as unpacked, false as by_edge
      from unnest(array['origin', 'destination']) w (point) where selection.match = w.point
    union all
    -- Trips that begin in the area are already counted, so the count of those that end there leaves them out.
    select w.point, w.other, w.other, false
      from (values ('origin', 'true'), ('destination', 'not ' || tripgrid_internal.area_predicate(selection.cells, selection.inside, 'origin'))) w (point, other)
      where selection.match = 'either'
    union all
    -- In the columnstore one pass counts them all.
    select 'origin', tripgrid_internal.area_predicate(selection.cells, selection.inside, 'destination'),
           tripgrid_internal.cells_predicate(selection.cells, selection.inside, true, 'destination'), false
      where selection.match = 'both'
    union all
    select 'destination', null, tripgrid_internal.cells_predicate(selection.cells, selection.inside, true, 'origin'), true where selection.match = 'both'
    union all
    select 'origin', null, format('(%s and st_intersects(($1).area, t.destination))', tripgrid_internal.cells_predicate(selection.cells, selection.inside, false, 'destination')), true
      where selection.match = 'both'
  loop
    if part.other is not null then
      return query
      select c.week, c.trips
      from tripgrid_internal.columnar_counts(tripgrid_internal.selection_within(selection, selection.window_start, columnar),
                                             selection.cells, selection.inside, part.point, part.other) c;
    end if;
    continue when columnar >= selection.window_end;
    -- OFFSET 0 makes the planner go from the cells to their trips. Without it, for a match of both ends, the planner compared
    -- every trip with every cell: 45 s over 3 million trips instead of 1 s.
    return query execute format($q$
      select date_trunc('week', t.local_time)::date, count(*)
      from unnest(($1).cells, ($1).inside) c (cell, "inner")
      cross join lateral (
        select t.local_time from tripgrid.trips t
        where t.%1$I >= c.cell collate "C" and t.%1$I < c.cell || '{' collate "C"
          %4$s
          and (($1).source is null or (t.source = ($1).source) is true) and (($1).region is null or t.region = ($1).region)
          and (($1).hours is null or extract(hour from t.local_time)::int = any (($1).hours))
          and (($1).days is null or extract(isodow from t.local_time)::int = any (($1).days))
          and (c."inner" or st_intersects(($1).area, t.%2$I))
          and %3$s
        offset 0) t
      group by 1 $q$, left(part.point, 1) || '_cell', part.point, part.unpacked, during)
    using case when part.by_edge then on_edge else selection end, greatest(selection.window_start, columnar);
  end loop;
end
$$;
comment on function tripgrid_internal.weekly_counts_by_trip is 'Trips a week in an area, counted from the trips';

-- select * from tripgrid_internal.weekly_counts_by_trip(tripgrid_internal.selection_of(st_makeenvelope(7.6, 45.0, 7.7, 45.1), 'both', null, null, null, null, null, null));
