-- How many trips an area sees in each week, counted from the trips in its cells: for what the rollups do not know.
--
-- In:     as tripgrid.weekly_counts; asked, as tripgrid.checked_area gives it; opens and closes, local Mondays, the second not
--         included
-- Out:    week, its Monday; trips; perhaps several rows a week, to be summed
-- Errors: none of its own
--
-- One end of a trip leads to it, through the index on its cell; the other end is told by its cell, too, and only in a cell of
-- the area's edge by its point. Where both ends must lie in the area, trips are counted in three parts, of which the first two,
-- most of them, stay in an index, which has one point and both cells: 1.7 million trips took 7 s from the table.
create or replace function tripgrid.weekly_counts_by_trip(
  asked geometry, match text, source text, region text, opens timestamp, closes timestamp, hours integer[], days integer[])
returns table (week date, trips bigint)
language plpgsql stable set search_path from current set jit = off as $$
declare
  columnar constant timestamp := (select least(s.columnar_before, closes) from tripgrid.settings s);
  -- Where there is no limit nothing is said of the time: not knowing better, the planner might go in by it.
  during text := case when isfinite(greatest(opens, columnar)) then ' and t.local_time >= $3' else '' end
                 || case when isfinite(closes) then ' and t.local_time < $4' else '' end;
  cells  text[];
  inside boolean[];
  edge   text[];
  edges  boolean[];
  part   record;
begin
  select array_agg(c.cell), array_agg(c."inner"), array_agg(c.cell) filter (where not c."inner")
    into cells, inside, edge from tripgrid.area_cover(asked, 2048) c;
  edges := array_fill(false, array[coalesce(cardinality(edge), 0)]);
  for part in
    select w.point, 'true' as other, 'true' as unpacked, false as by_edge
      from unnest(array['origin', 'destination']) w (point) where match = w.point
    union all
    -- Trips that begin in the area have been counted when those that end there are.
    select w.point, w.other, w.other, false
      from (values ('origin', 'true'), ('destination', 'not ' || tripgrid.lies_in(cells, inside, 'origin'))) w (point, other)
      where match = 'either'
    union all
    -- In one pass where they are packed.
    select 'origin', tripgrid.lies_in(cells, inside, 'destination'), tripgrid.has_cells(cells, inside, true, 'destination'), false
      where match = 'both'
    union all
    select 'destination', null, tripgrid.has_cells(cells, inside, true, 'origin'), true where match = 'both'
    union all
    select 'origin', null, format('(%s and st_intersects($9, t.destination))', tripgrid.has_cells(cells, inside, false, 'destination')), true
      where match = 'both'
  loop
    if part.other is not null then
      return query
      select c.week, c.trips
      from tripgrid.columnar_counts(asked, cells, inside, part.point, part.other, opens, columnar, source, region, hours, days) c;
    end if;
    continue when columnar >= closes;
    -- OFFSET 0 makes the planner go from the cells to their trips: left to itself it read every trip and tried it on every
    -- cell where both ends must lie in the area, 45 s over 3 million trips instead of 1.
    return query execute format($q$
      select date_trunc('week', t.local_time)::date, count(*)
      from unnest($1, $2) c (cell, "inner")
      cross join lateral (
        select t.local_time from tripgrid.trips t
        where t.%1$I >= c.cell collate "C" and t.%1$I < c.cell || '{' collate "C"
          %4$s
          and ($5 is null or (t.source = $5) is true) and ($6 is null or t.region = $6)
          and ($7 is null or extract(hour from t.local_time)::int = any ($7))
          and ($8 is null or extract(isodow from t.local_time)::int = any ($8))
          and (c."inner" or st_intersects($9, t.%2$I))
          and %3$s
        offset 0) t
      group by 1 $q$, left(part.point, 1) || '_cell', part.point, part.unpacked, during)
    using case when part.by_edge then edge else cells end, case when part.by_edge then edges else inside end,
          greatest(opens, columnar), closes, source, region, hours, days, asked;
  end loop;
end
$$;
comment on function tripgrid.weekly_counts_by_trip is 'Trips a week in an area, counted from the trips';

-- select * from tripgrid.weekly_counts_by_trip(st_makeenvelope(7.6, 45.0, 7.7, 45.1, 4326), 'both', null, null, '-infinity', 'infinity', null, null);
