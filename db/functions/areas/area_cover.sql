-- Covers an area with cells: the largest ones wholly inside it, and the ones that its edge crosses or touches.
--
-- In:     area, as tripgrid.checked_area returns it
--         max_edge_cells: the cells of the edge are split while 4 times their number is at most this, down to the size of the
--         trips' cells (7 characters)
-- Out:    cell, a geohash of 1 to 7 characters; inner, true if all of it lies in the area. No cell contains another, and every
--         point of the area lies in one of them.
-- Errors: none of its own
--
-- A cell owns its south and west borders and not the other two, but is tested with all four. So a cell that the area only touches
-- is an edge cell, and its points are tested one by one. Each cell passes its piece of the area's edge on to its children, so
-- each child is tested against few vertices, and only if its box meets that of the piece. Where no edge reaches, a cell lies
-- wholly inside or wholly outside, and its middle decides which. The lines of the edge are clipped and not the area: clipping the
-- area fails where a hole touches its ring. Cells are tested with a margin, because clipping rounds, and PostGIS counts a point as
-- on an edge if it is off by a rounding error.
create or replace function tripgrid.area_cover(area geometry, max_edge_cells integer)
returns table (cell text, "inner" boolean)
language plpgsql immutable strict parallel safe rows 500 set search_path from current set jit = off as $$
declare
  letters constant text[] := string_to_array('0123456789bcdefghjkmnpqrstuvwxyz', null);
  margin  constant double precision := 1e-9;
  cells   text[] := tripgrid_internal.cells_around(area);
  lines   geometry[] := array_fill(st_boundary(area), array[cardinality(cells)]);
  inside  text[];
  edge    text[];
begin
  loop
    with met as materialized (
      select u.cell, e.envelope, case when u.line && e.around then st_clipbybox2d(u.line, e.around) end as line
      from unnest(cells, lines) u (cell, line)
      cross join lateral (select st_setsrid(st_geomfromgeohash(u.cell), 4326) as envelope offset 0) v
      cross join lateral (select v.envelope, st_expand(v.envelope, margin) as around offset 0) e
      where e.envelope && area
    )
    select array_agg(m.cell) filter (where (m.line is null or st_isempty(m.line)) and st_intersects(area, st_centroid(m.envelope))),
           array_agg(m.cell) filter (where not st_isempty(m.line)),
           array_agg(m.line) filter (where not st_isempty(m.line))
      into inside, edge, lines
      from met m;
    return query select u, true from unnest(inside) u;
    exit when edge is null;
    if length(edge[1]) = 7 or cardinality(edge) * 4 > max_edge_cells then
      return query select u, false from unnest(edge) u;
      return;
    end if;
    select array_agg(u.cell || letter), array_agg(u.line) into cells, lines
      from unnest(edge, lines) u (cell, line) cross join unnest(letters) letter;
  end loop;
end
$$;
comment on function tripgrid.area_cover is 'The biggest cells wholly inside an area, and the cells that its edge crosses or touches';

-- select * from tripgrid.area_cover(st_makeenvelope(7.6, 45.0, 7.7, 45.1, 4326), 64);
