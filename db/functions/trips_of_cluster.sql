-- The trips of one cluster that lie in an area, as SQL that is to be part of a statement made from parts.
--
-- In:     cells and inside, what tripgrid.area_cover gives for the area; null: there is no area
--         match, which ends of a trip must lie in it: origin, destination or both
--         columns, those of a trip, t, that are read; in the index stand its points, its cells, its time and its duration
--         opens and closes, local times, the second not included
-- Out:    a SELECT that names k.key, the cluster's two cells of five characters and its hour, written one after the other, and
--         k.is_inside, whether all its trips are known to lie in the area; $3 source, $4 region, $6 days (null: all), and $9 the area
-- Errors: none of its own
--
-- OFFSET 0 makes the planner go from the clusters to their trips, "is true" keeps it from going in by the source.
create or replace function tripgrid.trips_of_cluster(
  cells text[], inside boolean[], match text, columns text, opens timestamp, closes timestamp)
returns text language sql stable set search_path from current as $$
  select format($f$
    select %s from tripgrid.trips t
    where left(t.o_cell, 5) || left(t.d_cell, 5) || date_part('hour', t.local_time)::integer::text = k.key and t.d_cell is not null %s %s
      and ($3 is null or (t.source = $3) is true) and ($4 is null or (t.region = $4) is true)
      and ($6 is null or date_part('isodow', t.local_time)::int = any ($6)) and %s
    offset 0$f$, columns,
    -- Where there is no limit nothing is said of the time.
    case when isfinite(opens) then format('and t.local_time >= %L', opens) end, case when isfinite(closes) then format('and t.local_time < %L', closes) end,
    case when cells is null then 'true'
         else format('(k.is_inside or (%s))', concat_ws(' and ', case when match <> 'destination' then tripgrid.lies_in(cells, inside, 'origin') end,
                                                        case when match <> 'origin' then tripgrid.lies_in(cells, inside, 'destination') end)) end);
$$;
comment on function tripgrid.trips_of_cluster is 'The trips of one cluster that lie in an area, as SQL to be part of a statement';

-- select tripgrid.trips_of_cluster(array['u0j2'], array[true], 'origin', 't.origin, t.duration_s', '2018-05-28', '2018-06-04');
