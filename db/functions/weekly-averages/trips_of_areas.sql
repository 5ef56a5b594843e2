-- Counts the trips in cells of many areas in each week, one by one: several rows an area and week, to be summed.
--
-- In:     asked, areas as tripgrid.checked_area returns them
--         selection, with a match of origin or destination; its own area and cells do not count
--         numbers, cells: the place of an area in the list, from 1, and one of its cells
--         is_edge, whether the trips are tested against the areas; otherwise the cells lie wholly inside
-- Out:    area_number; week, its Monday; trips
-- Errors: none of its own
--
-- Neighbours share cells, so the trips of a cell are read once for all areas and then joined to them. Cells that lie close
-- together are read as one range of the index where a search for each would take longer than the trips between them. In the columnstore, where a thousand
-- trips are unpacked together, one pass reads them all, and its ranges leave most of it packed. The planner expects a few rows, and
-- would sort or loop over what are a million: so it may not, and joins and counts by hashing.
create or replace function tripgrid_internal.trips_of_areas(
  asked geometry[], selection tripgrid.selection, numbers integer[], cells text[], is_edge boolean)
returns table (area_number integer, week date, trips bigint)
language plpgsql stable set search_path from current set jit = off set enable_sort = off set enable_nestloop = off set work_mem = '32MB' as $$
#variable_conflict use_variable
declare
  columnar constant timestamp := (select least(s.columnar_before, selection.window_end) from tripgrid.settings s);
  cell   text := case selection.match when 'origin' then 'o_cell' else 'd_cell' end;
  rollup text := case selection.match when 'origin' then 'weekly_origins_6' else 'weekly_destinations_6' end;
  -- Trips that are read in the time of a search: 17 and 0.25 microseconds.
  trips_a_search constant double precision := 68;
  sampled constant integer := 200;
  density double precision;
  worth  double precision;
  max_packed_ranges constant integer := 32;
  filters constant text := $f$ (($1).source is null or (t.source = ($1).source) is true) and (($1).region is null or (t.region = ($1).region) is true)
    and (($1).hours is null or date_part('hour', t.local_time)::int = any (($1).hours))
    and (($1).days is null or date_part('isodow', t.local_time)::int = any (($1).days))$f$;
  -- An open end adds no condition on the time: a condition might make the planner search by time.
  during text := case when isfinite(greatest(selection.window_start, columnar)) then ' and t.local_time >= $5' else '' end
              || case when isfinite(selection.window_end) then ' and t.local_time < ($1).window_end' else '' end;
  ranges text[];
  pair_cells text[];
  pairs  integer[];
  firsts integer[];
  seconds integer[];
  prefix integer;
  packed text;
  size   integer;
  is_first boolean;
begin
  if selection.window_start < columnar then
    select max(p) into prefix
    from generate_series(0, 4) p where (select count(distinct left(c, p)) from unnest(cells) c) <= max_packed_ranges;
    select string_agg(format('t.%1$I >= %2$L and t.%1$I < %3$L', cell, c.start, c.start || '{'), ' or ') into packed
    from (select distinct left(c, prefix) as start from unnest(cells) c) c;
    for size in select distinct length(c) from unnest(cells) c loop
      return query execute format($q$
        select c.n, date_trunc('week', t.local_time)::date, count(*)
        from tripgrid.trips t
        join (select u.n, u.cell from unnest($2, $3) u (n, cell) where length(u.cell) = %1$s) c on c.cell = left(t.%2$I, %1$s) collate "C"
        join unnest($4) with ordinality a (area, n) on a.n = c.n
        where (%3$s) and t.local_time >= ($1).window_start and t.local_time < $5 and %4$s and %5$s
        group by 1, 2 $q$, size, cell, packed, filters, case when is_edge then format('st_intersects(a.area, t.%I)', selection.match) else 'true' end)
      using selection, numbers, cells, asked, columnar;
    end loop;
  end if;
  if columnar >= selection.window_end then
    return;
  end if;

  -- The areas of a cell by twos, each tested by a call of its own: PostGIS prepares an area for the calls at one place of a
  -- statement as long as it stays the same, and neighbours take turns. A thousand quarters took 6.2 s with one call for
  -- all, and 4.8 s so.
  select array_agg(p.cell), array_agg(p.pair), array_agg(p.first), array_agg(p.second) into pair_cells, pairs, firsts, seconds
  from (select u.cell, u.pair, min(u.n) as first, max(u.n) as second
        from (select u.cell, u.n, (row_number() over (partition by u.cell order by u.n) - 1) / 2 as pair
              from unnest(numbers, cells) u (n, cell) where length(u.cell) = 7) u
        group by 1, 2) p;
  execute format($q$
    select coalesce(avg(coalesce(r.trips, 0)), 0)::float8
    from (select left(c, 6) as cell from unnest($1) c group by 1 order by hashtext(left(c, 6)) limit $2) p
    cross join lateral (
      select sum(r.trips) as trips from tripgrid_internal.live_%s r
      where r.cell = p.cell collate "C" and r.week >= $3 and r.week < $4
      offset 0) r $q$, rollup)
    into density using pair_cells, sampled, selection.window_start, selection.window_end;
  -- The searches of the ranges are a loop. While loops are forbidden, their price of ten billions hides all other differences.
  perform set_config('enable_nestloop', 'on', true);
  -- First the first two areas of each cell, which are mostly all; then the others.
  foreach is_first in array array[true, false] loop
    select array_agg(distinct u.cell) into ranges from unnest(pair_cells, pairs) u (cell, pair) where (u.pair = 0) = is_first;
    continue when ranges is null;
    -- Of the 32 cells in a larger one, so many as are worth reading all 32: the others hold trips too.
    for size in reverse 6 .. 5 loop
      worth := density * 32 ^ (6 - size) / (32 * trips_a_search);
      worth := (1 + 32 * worth) / (1 + worth);
      select array_agg(distinct case when p.cells >= worth then p.parent else r.cell end) into ranges
      from unnest(ranges) r (cell)
      join (select left(c, size) as parent, count(distinct left(c, size + 1)) as cells from unnest(ranges) c group by 1) p on p.parent = left(r.cell, size);
    end loop;
    -- Cells and areas are grouped only for the planner to know that each is there once: otherwise it hashes the trips in their place.
    -- Then the quarters of ten cities took 6.5 s, and not 4.2 s.
    return query execute format($q$
      select v.n, w.week, v.trips
      from (select c.n_1, c.n_2, date_trunc('week', t.local_time)::date as week, count(*) filter (where %5$s) as trips_1,
                   count(*) filter (where c.n_2 <> c.n_1 and %6$s) as trips_2
            from (select t.cell, t.point, t.local_time
                  from unnest($6) r (start)
                  cross join lateral (
                    select t.%1$I as cell, t.%2$I as point, t.local_time
                    from tripgrid.trips t
                    where t.%1$I >= r.start collate "C" and t.%1$I < r.start || '{' collate "C" %3$s and %4$s
                    offset 0) t
                  offset 0) t
            join (select u.cell, min(u.n_1) as n_1, min(u.n_2) as n_2
                  from unnest($7, $8, $2, $3) u (cell, pair, n_1, n_2) where (u.pair = 0) = $9 group by u.cell%7$s) c on c.cell = t.cell collate "C"
            join (select u.n, (array_agg(u.area))[1] as area from unnest($4) with ordinality u (area, n) group by u.n) a on a.n = c.n_1
            join (select u.n, (array_agg(u.area))[1] as area from unnest($4) with ordinality u (area, n) group by u.n) b on b.n = c.n_2
            group by 1, 2, 3) w
      cross join lateral (values (w.n_1, w.trips_1), (w.n_2, w.trips_2)) v (n, trips)
      where v.trips > 0 $q$, cell, selection.match, during, filters,
      case when is_edge then 'st_intersects(a.area, t.point)' else 'true' end, case when is_edge then 'st_intersects(b.area, t.point)' else 'true' end,
      case when is_first then '' else ', u.pair' end)
    using selection, firsts, seconds, asked, greatest(selection.window_start, columnar), ranges, pair_cells, pairs, is_first;
  end loop;

  return query execute format($q$
    select e.n, date_trunc('week', t.local_time)::date, count(*)
    from (select u.n, u.cell, a.area
          from unnest($2, $3) u (n, cell) join unnest($4) with ordinality a (area, n) on a.n = u.n
          where length(u.cell) < 7 offset 0) e
    cross join lateral (
      select t.local_time from tripgrid.trips t
      where t.%1$I >= e.cell collate "C" and t.%1$I < e.cell || '{' collate "C" %3$s and %4$s and %5$s
      offset 0) t
    group by 1, 2 $q$, cell, selection.match, during, filters, case when is_edge then format('st_intersects(e.area, t.%I)', selection.match) else 'true' end)
  using selection, numbers, cells, asked, greatest(selection.window_start, columnar);
end
$$;
comment on function tripgrid_internal.trips_of_areas is 'Trips a week in some cells of many areas, counted one by one';

-- select * from tripgrid_internal.trips_of_areas(array[st_makeenvelope(7.6, 45.0, 7.7, 45.1, 4326)], tripgrid_internal.selection_of(null, 'origin', null, null, null, null, null, null), array[1], array['u0j2q1c'], true);
