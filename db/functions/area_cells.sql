-- The cells that cover an area: the biggest ones wholly inside it, and the ones that its edge crosses or touches.
--
-- In:     area, as tripgrid.checked_area gives it
--         max_edge_cells, cells of the edge are split until there would be more of them than this, or they are as fine as
--         the cells of the trips (7 characters)
-- Out:    cell, a geohash of 1 to 7 characters; inner, whether all of it lies in the area. No cell holds another, and every
--         point of the area lies in one of them.
-- Errors: none of its own
--
-- A cell owns its south and west border and not the other two; it is tested with all four, so a cell that merely touches
-- the area is an edge cell and its points are tested one by one.
-- Cells are tested with a margin: PostGIS counts a point that is off an edge by a rounding error as on it, and such a point may
-- lie on the border of a cell that the edge, taken exactly, does not reach.
create or replace function tripgrid.area_cells(area geometry, max_edge_cells integer default 512)
returns table (cell text, "inner" boolean)
language plpgsql immutable parallel safe rows 200 set search_path from current as $$
declare
  letters constant text[] := string_to_array('0123456789bcdefghjkmnpqrstuvwxyz', null);
  margin    constant double precision := 1e-9;
  edge_line constant geometry := st_boundary(area);
  parents text[] := array[''];
  inside  text[];
  edge    text[];
begin
  for size in 1 .. 7 loop
    select array_agg(candidate) filter (where not crossed),
           array_agg(candidate) filter (where crossed)
      into inside, edge
      from unnest(parents) parent
      cross join lateral (select parent || letter as candidate from unnest(letters) letter) child
      cross join lateral (select st_expand(st_setsrid(st_geomfromgeohash(candidate), 4326), margin) as envelope) e
      -- Where the edge does not reach the cell, all of it is inside or none. ST_Covers would ask for the topology of the two,
      -- which fails with an error on areas that are almost nothing but edge.
      cross join lateral (select st_intersects(edge_line, envelope) as crossed) x
      where st_intersects(area, envelope);
    -- A finer edge would be too long: the previous one stands.
    if cardinality(edge) > max_edge_cells and size > 1 then
      return query select unnest(parents), false;
      return;
    end if;
    return query select unnest(inside), true;
    parents := edge;
    exit when parents is null;
  end loop;
  return query select unnest(parents), false;
end
$$;
comment on function tripgrid.area_cells is 'The biggest cells wholly inside an area, and the cells that its edge crosses or touches';

-- select * from tripgrid.area_cells(st_makeenvelope(7.6, 45.0, 7.7, 45.1, 4326));
