-- Joins the cells of one end of some groups of trips into hot spots.
--
-- In:     cells, one for each group; trips, the number of trips of each group; size, the characters of the cells to join
-- Out:    each cell of this size, and its spot
-- Errors: none
create or replace function tripgrid_internal.spots_of(cells text[], trips bigint[], size integer)
returns tripgrid_internal.cell_spots language sql immutable set search_path from current set jit = off as $$
  select row(array_agg(s.cell), array_agg(s.spot))::tripgrid_internal.cell_spots
  from (select array_agg(x.cell) as cells, array_agg(x.n) as trips
        from (select left(u.cell, $3) as cell, sum(u.n)::bigint as n from unnest($1, $2) u (cell, n) group by 1) x) a,
       tripgrid_internal.hot_spots(a.cells, a.trips) s;
$$;
comment on function tripgrid_internal.spots_of is 'The hot spots of one end of some groups of trips';

-- select * from tripgrid_internal.spots_of(array['u0j2qxy', 'u0j2qxz'], array[3, 5], 7);
