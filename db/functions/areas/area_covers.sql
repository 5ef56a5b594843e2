-- Covers many areas with cells, as tripgrid.area_cover does one.
--
-- In:     asked, areas as tripgrid.checked_area returns them
-- Out:    area_number, the place of the area in the list, from 1; cell, a geohash of 1 to 7 characters; inner, true if all of it
--         lies in the area. No cell of an area contains another one of it, and every point of the area lies in one of them.
-- Errors: none of its own
--
-- Areas with a short edge are covered all at once: their edges are cut into pieces that are shorter than a cell of 7 characters,
-- and the cells that the boxes of the pieces meet are the edge cells. A few of them the edge only passes by; their points are
-- tested one by one like those of the others. Any other cell lies wholly inside or outside, and its middle decides which. The planner
-- expects a few rows, so it may not sort.
create or replace function tripgrid_internal.area_covers(asked geometry[])
returns table (area_number integer, cell text, "inner" boolean)
language plpgsql immutable strict parallel safe rows 50000 set search_path from current set jit = off set enable_sort = off as $$
declare
  -- The edge cells of all areas together are bounded.
  max_edge_cells constant integer := greatest(64, least(8192, 262144 / greatest(cardinality(asked), 1)));
  -- A cell of 7 characters is as wide as high, in degrees. One of 6 characters has 8 columns and 4 rows of them.
  side   constant double precision := 180.0 / 131072;
  margin constant double precision := 1e-9;
begin
  return query
  with area as materialized (
    select a.n::integer as n, a.area, l.line, st_length(l.line) < side * max_edge_cells / 2 as is_small,
           floor((st_xmin(a.area) - margin + 180) / side)::integer as x0, floor((st_xmax(a.area) + margin + 180) / side)::integer as x1,
           floor((st_ymin(a.area) - margin + 90) / side)::integer as y0, floor((st_ymax(a.area) + margin + 90) / side)::integer as y1
    from unnest(asked) with ordinality a (area, n) cross join lateral (select st_boundary(a.area) as line offset 0) l
  ), piece as (
    select a.n, floor((st_xmin(g.geom) - margin + 180) / side)::integer as x0, floor((st_xmax(g.geom) + margin + 180) / side)::integer as x1,
           floor((st_ymin(g.geom) - margin + 90) / side)::integer as y0, floor((st_ymax(g.geom) + margin + 90) / side)::integer as y1
    from area a cross join lateral st_dumpsegments(st_segmentize(a.line, side * 0.9)) g where a.is_small
  ), edge as materialized (
    -- A piece meets one or two columns, and one or two rows.
    select distinct p.n, least(greatest(case c.right when 0 then p.x0 else p.x1 end, 0), 262143) as x,
           least(greatest(case c.up when 0 then p.y0 else p.y1 end, 0), 131071) as y
    from piece p cross join (values (0, 0), (0, 1), (1, 0), (1, 1)) c ("right", up)
    where (c.right = 0 or p.x1 > p.x0) and (c.up = 0 or p.y1 > p.y0)
  ), larger_edge as materialized (
    select distinct e.n, e.x >> 3 as x, e.y >> 2 as y from edge e
  ), larger_inner as (
    select c.n, c.middle
    from (select a.n, a.area, st_setsrid(st_makepoint(-180 + (x + 0.5) * 8 * side, -90 + (y + 0.5) * 4 * side), 4326) as middle
          from area a cross join lateral generate_series(greatest(a.x0, 0) >> 3, least(a.x1, 262143) >> 3) x
          cross join lateral generate_series(greatest(a.y0, 0) >> 2, least(a.y1, 131071) >> 2) y
          where a.is_small and not exists (select from larger_edge e where e.n = a.n and e.x = x.x and e.y = y.y) offset 0) c
    where st_intersects(c.area, c.middle)
  ), small_inner as (
    select c.n, c.middle
    from (select s.n, a.area, st_setsrid(st_makepoint(-180 + (s.x + 0.5) * side, -90 + (s.y + 0.5) * side), 4326) as middle
          from (select l.n, l.x * 8 + i as x, l.y * 4 + j as y
                from larger_edge l cross join generate_series(0, 7) i cross join generate_series(0, 3) j) s
          join area a on a.n = s.n and s.x between a.x0 and a.x1 and s.y between a.y0 and a.y1
          where not exists (select from edge e where e.n = s.n and e.x = s.x and e.y = s.y) offset 0) c
    where st_intersects(c.area, c.middle)
  )
  select e.n, st_geohash(st_setsrid(st_makepoint(-180 + (e.x + 0.5) * side, -90 + (e.y + 0.5) * side), 4326), 7), false from edge e
  union all
  select i.n, st_geohash(i.middle, 7), true from small_inner i
  union all
  select i.n, st_geohash(i.middle, 6), true from larger_inner i
  union all
  select a.n, c.cell, c."inner" from area a cross join lateral tripgrid.area_cover(a.area, max_edge_cells) c where not a.is_small;
end
$$;
comment on function tripgrid_internal.area_covers is 'The cells of many areas: those wholly inside, and those that their edges cross or pass by';

-- select * from tripgrid_internal.area_covers(array[st_makeenvelope(7.6, 45.0, 7.7, 45.1, 4326)]);
