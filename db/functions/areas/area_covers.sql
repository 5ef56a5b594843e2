-- Covers many areas with cells, as tripgrid.area_cover does one.
--
-- In:     asked, areas as tripgrid.checked_area returns them
-- Out:    area_number, the place of the area in the list, from 1; cell, a geohash of 1 to 7 characters; inner, true if all of it
--         lies in the area. No cell of an area contains another one of it, and every point of the area lies in one of them.
-- Errors: none of its own
--
-- Areas with a short edge are covered all at once: their edges are cut into pieces that are shorter than a cell of 7 characters,
-- and the cells that the boxes of the pieces meet are the edge cells. A few of them the edge only passes by; their points are
-- tested one by one like those of the others. Any other cell lies wholly inside or outside, as do its neighbours in the row up to
-- the next edge cell, and the middle of one of them decides which. The planner expects a few rows, so it may not sort.
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
    select a.n::integer as n, a.area, l.line, st_length(l.line) < side * max_edge_cells / 2 as is_small
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
  ), run as materialized (
    -- The cells between two edge cells of a row. No edge parts them, so all lie on the side where the first one lies.
    select g.n, g.y, g.first, g.last
    from (select e.n, e.y, e.x + 1 as first, lead(e.x) over (partition by e.n, e.y order by e.x) - 1 as last from edge e) g
    join area a using (n)
    where g.first <= g.last and st_intersects(a.area, st_setsrid(st_makepoint(-180 + (g.first + 0.5) * side, -90 + (g.y + 0.5) * side), 4326))
  ), block as materialized (
    -- The cells of 6 characters that they lie in. One without an edge cell lies wholly inside.
    select r.n, r.y, r.first, r.last, s.x, e.n is not null as has_edge
    from run r cross join lateral generate_series(r.first >> 3, r.last >> 3) s (x)
    left join larger_edge e on e.n = r.n and e.x = s.x and e.y = r.y >> 2
  )
  select e.n, st_geohash(st_setsrid(st_makepoint(-180 + (e.x + 0.5) * side, -90 + (e.y + 0.5) * side), 4326), 7), false from edge e
  union all
  select b.n, st_geohash(st_setsrid(st_makepoint(-180 + (i + 0.5) * side, -90 + (b.y + 0.5) * side), 4326), 7), true
  from block b cross join lateral generate_series(greatest(b.first, b.x * 8), least(b.last, b.x * 8 + 7)) i where b.has_edge
  union all
  select b.n, st_geohash(st_setsrid(st_makepoint(-180 + (b.x + 0.5) * 8 * side, -90 + ((b.y >> 2) + 0.5) * 4 * side), 4326), 6), true
  from block b where not b.has_edge and b.y & 3 = 0
  union all
  select a.n, c.cell, c."inner" from area a cross join lateral tripgrid.area_cover(a.area, max_edge_cells) c where not a.is_small;
end
$$;
comment on function tripgrid_internal.area_covers is 'The cells of many areas: those wholly inside, and those that their edges cross or pass by';

-- select * from tripgrid_internal.area_covers(array[st_makeenvelope(7.6, 45.0, 7.7, 45.1, 4326)]);
