-- Covers many areas with cells at once, each as tripgrid.area_cover covers one.
--
-- In:     areas, each as tripgrid.checked_area returns it
--         max_edge_cells, for each area: the cells of its edge are split while 4 times their number is at most this
-- Out:    area_number, the place of the area in the list, from 1; cell, a geohash of 1 to 7 characters; inner, true if all of it
--         lies in the area. The cells of one area do not overlap, and every point of the area lies in one of them.
-- Errors: none of its own
--
-- One statement a level for all areas: a call of tripgrid.area_cover for each took 2 ms and more.
create or replace function tripgrid_internal.areas_cover(areas geometry[], max_edge_cells integer)
returns table (area_number integer, cell text, "inner" boolean)
language plpgsql immutable strict parallel safe rows 20000 set search_path from current set jit = off as $$
declare
  letters constant text[] := string_to_array('0123456789bcdefghjkmnpqrstuvwxyz', null);
  margin  constant double precision := 1e-9;
  numbers integer[];
  cells   text[];
  lines   geometry[];
  met     record;
begin
  select array_agg(a.n), array_agg(c), array_agg(a.line) into numbers, cells, lines
    from (select n::integer, area, st_boundary(area) as line from unnest(areas) with ordinality u (area, n) offset 0) a
    cross join lateral unnest(tripgrid_internal.cells_around(a.area)) c;
  while cells is not null loop
    with met as materialized (
      select u.n, u.cell, a.area, e.envelope, st_clipbybox2d(u.line, st_expand(e.envelope, margin)) as line
      from unnest(numbers, cells, lines) u (n, cell, line)
      join unnest(areas) with ordinality a (area, n) on a.n = u.n
      cross join lateral (select st_setsrid(st_geomfromgeohash(u.cell), 4326) as envelope) e
      where e.envelope && a.area
    ), edge as (
      select m.n, m.cell, m.line, length(m.cell) = 7 or count(*) over (partition by m.n) * 4 > max_edge_cells as is_last
      from met m where not st_isempty(m.line)
    ), split as (
      select e.n, e.cell || letter as cell, e.line from edge e cross join unnest(letters) letter where not e.is_last
    )
    select (select array_agg(m.n) from met m where st_isempty(m.line) and st_intersects(m.area, st_centroid(m.envelope))) as inner_numbers,
           (select array_agg(m.cell) from met m where st_isempty(m.line) and st_intersects(m.area, st_centroid(m.envelope))) as inner_cells,
           (select array_agg(e.n) from edge e where e.is_last) as edge_numbers,
           (select array_agg(e.cell) from edge e where e.is_last) as edge_cells,
           array_agg(s.n) as numbers, array_agg(s.cell) as cells, array_agg(s.line) as lines
      into met from split s;
    return query select u.n, u.c, true from unnest(met.inner_numbers, met.inner_cells) u (n, c);
    return query select u.n, u.c, false from unnest(met.edge_numbers, met.edge_cells) u (n, c);
    numbers := met.numbers;
    cells := met.cells;
    lines := met.lines;
  end loop;
end
$$;
comment on function tripgrid_internal.areas_cover is 'For each of many areas the biggest cells wholly inside it, and the cells that its edge crosses or touches';

-- select * from tripgrid_internal.areas_cover(array[st_makeenvelope(7.6, 45.0, 7.7, 45.1, 4326)], 64);
