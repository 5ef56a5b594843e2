-- Builds the SQL condition that a trip belongs to a cluster and to a selection.
--
-- In:     match, which ends of a trip must lie in the area: origin, destination or both. Null: there is no area
--         window_start and window_end, local times, window_end not included
-- Out:    a condition over a trip t and a cluster k. It reads k.key, the cluster's two cells of five characters and its hour,
--         written one after the other, and k.is_inside, true if all its trips are known to lie in the area. $1 is the
--         selection: its source, region, days and area count. $2 is the area's inner cells of six characters.
-- Errors: none of its own
--
-- The index on clusters holds all that the condition reads, except source and region. Most points of an area lie in its inner
-- cells: looking up these cells takes a third of the time of a test against the area (0.1 and 0.3 µs). CASE keeps the planner
-- from estimating each cell of the list, which took longer than all the rest. A subquery over unnest() in its select list
-- prevents parallel processes, and took 0.5 µs. "is true" keeps the planner from searching by source.
create or replace function tripgrid_internal.cluster_predicate(match text, window_start timestamp, window_end timestamp)
returns text language sql stable set search_path from current as $$
  select format($f$
    left(t.o_cell, 5) || left(t.d_cell, 5) || date_part('hour', t.local_time)::integer::text = k.key and t.d_cell is not null %s %s
    and (($1).source is null or (t.source = ($1).source) is true) and (($1).region is null or (t.region = ($1).region) is true)
    and (($1).days is null or date_part('isodow', t.local_time)::int = any (($1).days)) and %s$f$,
    -- An open end adds no condition on the time.
    case when isfinite(window_start) then format('and t.local_time >= %L', window_start) end,
    case when isfinite(window_end) then format('and t.local_time < %L', window_end) end,
    case match when 'origin' then '(k.is_inside or case when left(t.o_cell, 6) = any ($2) then true else st_intersects(($1).area, t.origin) end)'
               when 'destination' then '(k.is_inside or case when left(t.d_cell, 6) = any ($2) then true else st_intersects(($1).area, t.destination) end)'
               when 'both' then 'st_intersects(($1).area, t.origin) and st_intersects(($1).area, t.destination)' else 'true' end);
$$;
comment on function tripgrid_internal.cluster_predicate is 'The condition, as SQL, that a trip belongs to a cluster and to a selection';

-- select tripgrid_internal.cluster_predicate('origin', '2018-05-28', '2018-06-04');
