-- The condition, as SQL, that one end of a trip lies in an area: told by its cell, and by its point only where the area's edge is.
--
-- In:     cells and inside, what tripgrid.area_cover gives for the area; point, origin or destination
-- Out:    a condition over a trip t, never null; it names the area $9
-- Errors: none of its own
--
-- Long lists of constants are looked up by their hash, one for each size of cell.
create or replace function tripgrid.lies_in(cells text[], inside boolean[], point text) returns text
language sql immutable parallel safe set search_path from current as $$
  with lists as (
    select c."inner", format('left(t.%s_cell, %s) = any (%L)', left(point, 1), length(c.cell), array_agg(c.cell)) as has
    from unnest(cells, inside) c (cell, "inner") group by c."inner", length(c.cell)
  )
  select format('case when t.%I is null then false when %s then true when %s then st_intersects($9, t.%I) else false end', point,
                coalesce(string_agg(has, ' or ') filter (where "inner"), 'false'),
                coalesce(string_agg(has, ' or ') filter (where not "inner"), 'false'), point)
  from lists;
$$;
comment on function tripgrid.lies_in is 'The condition, as SQL, that one end of a trip lies in an area';

-- select tripgrid.lies_in(array['u0j2'], array[false], 'origin');
