-- The condition, as SQL, that a trip belongs to a cluster and lies in an area.
--
-- In:     match, which ends of a trip must lie in the area: origin, destination or both; null: there is no area
--         opens and closes, local times, the second not included
-- Out:    a condition over a trip t and a cluster k, of which it names k.key, its two cells of five characters and its hour, written one after
--         the other, and k.is_inside, whether all its trips are known to lie in the area; $3 source, $4 region, $6 days (null: all), $9 the area, and
--         $17 its inner cells of six characters
-- Errors: none of its own
--
-- The index on clusters holds what it reads. Most points of an area lie in its inner cells: to look these up takes a third of the time of a test
-- against the area (0.1 and 0.3 µs). CASE keeps the planner from weighing each cell of the list, which took longer than all this takes; a subquery
-- over unnest() in its select list keeps it from going on side by side, and took 0.5 µs. "is true" keeps it from going in by the source.
create or replace function tripgrid.is_of_cluster(match text, opens timestamp, closes timestamp)
returns text language sql stable set search_path from current as $$
  select format($f$
    left(t.o_cell, 5) || left(t.d_cell, 5) || date_part('hour', t.local_time)::integer::text = k.key and t.d_cell is not null %s %s
    and ($3 is null or (t.source = $3) is true) and ($4 is null or (t.region = $4) is true)
    and ($6 is null or date_part('isodow', t.local_time)::int = any ($6)) and %s$f$,
    -- Where there is no limit nothing is said of the time.
    case when isfinite(opens) then format('and t.local_time >= %L', opens) end, case when isfinite(closes) then format('and t.local_time < %L', closes) end,
    case match when 'origin' then '(k.is_inside or case when left(t.o_cell, 6) = any ($17) then true else st_intersects($9, t.origin) end)'
               when 'destination' then '(k.is_inside or case when left(t.d_cell, 6) = any ($17) then true else st_intersects($9, t.destination) end)'
               when 'both' then 'st_intersects($9, t.origin) and st_intersects($9, t.destination)' else 'true' end);
$$;
comment on function tripgrid.is_of_cluster is 'The condition, as SQL, that a trip belongs to a cluster and lies in an area';

-- select tripgrid.is_of_cluster('origin', '2018-05-28', '2018-06-04');
