-- Returns the share of each edge cell that lies inside an area: 0 to 1, in the order of the cells.
--
-- In:     asked, as tripgrid.checked_area returns it; inside and edge, its cells as tripgrid.area_cover returns them
-- Out:    shares of the surface in square degrees; 0.5 for every cell if they cannot be computed
-- Errors: none of its own
create or replace function tripgrid_internal.edge_shares(asked geometry, inside text[], edge text[]) returns double precision[]
language plpgsql immutable set search_path from current set jit = off as $$
declare
  clips  geometry[] := tripgrid_internal.edge_clips(
    asked, edge, (select coalesce(sum(st_area(st_geomfromgeohash(i))), 0) from unnest(inside) i));
begin
  return (
    select coalesce(array_agg(least(1, st_area(coalesce(u.clip, st_intersection(asked, e.envelope))) / st_area(e.envelope))
                              order by u.n), '{}')
    from unnest(edge, clips) with ordinality u (cell, clip, n)
    cross join lateral (select st_setsrid(st_geomfromgeohash(u.cell), 4326) as envelope) e);
exception when external_routine_exception then
  -- On the embedded engine st_intersection fails where other engines try a second method.
  return array_fill(0.5::double precision, array[cardinality(edge)]);
end
$$;
comment on function tripgrid_internal.edge_shares is 'How much of each cell of an area''s edge lies inside the area';

-- select tripgrid_internal.edge_shares(st_makeenvelope(7.6, 45.0, 7.7, 45.1, 4326), '{}', array['u0j2q']);
