-- How much of each cell of an area's edge lies inside the area: 0 to 1, in the order of the cells.
--
-- In:     asked, as tripgrid.checked_area gives it; inside and edge, its cells as tripgrid.area_cover gives them
-- Out:    shares, by the areas in square degrees; halves if they cannot be told
-- Errors: none of its own
create or replace function tripgrid.edge_shares(asked geometry, inside text[], edge text[]) returns double precision[]
language plpgsql immutable set search_path from current set jit = off as $$
declare
  clips  geometry[] := tripgrid.edge_clips(
    asked, edge, (select coalesce(sum(st_area(st_geomfromgeohash(i))), 0) from unnest(inside) i));
begin
  return (
    select coalesce(array_agg(least(1, st_area(coalesce(u.clip, st_intersection(asked, e.envelope))) / st_area(e.envelope))
                              order by u.n), '{}')
    from unnest(edge, clips) with ordinality u (cell, clip, n)
    cross join lateral (select st_setsrid(st_geomfromgeohash(u.cell), 4326) as envelope) e);
exception when external_routine_exception then
  -- On the embedded engine st_intersection gives up where it would try again elsewhere.
  return array_fill(0.5::double precision, array[cardinality(edge)]);
end
$$;
comment on function tripgrid.edge_shares is 'How much of each cell of an area''s edge lies inside the area';

-- select tripgrid.edge_shares(st_makeenvelope(7.6, 45.0, 7.7, 45.1, 4326), '{}', array['u0j2q']);
