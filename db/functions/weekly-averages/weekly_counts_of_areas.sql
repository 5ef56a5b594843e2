-- Counts the trips that begin or end in each of many areas in each week: several rows an area and week, to be summed.
--
-- In:     asked, areas as tripgrid.checked_area returns them
--         selection, with a match of origin or destination and no retired week; its own area and cells do not count
-- Out:    area_number, the place of the area in the list, from 1; week, its Monday; trips
-- Errors: none of its own
--
-- As tripgrid.weekly_counts_by_cell, but for all areas at once: one statement over the rollups for each size of cells, and a few
-- over the trips. With a call for each area, 1,000 quarters took half a minute.
create or replace function tripgrid_internal.weekly_counts_of_areas(asked geometry[], selection tripgrid.selection)
returns table (area_number integer, week date, trips bigint)
language plpgsql stable set search_path from current set jit = off as $$
#variable_conflict use_variable
declare
  behind date[] := array(select distinct p.week from tripgrid_internal.pending_weeks p
    where p.week >= selection.window_start and p.week < selection.window_end);
  rollup text := case selection.match when 'origin' then 'weekly_origins' else 'weekly_destinations' end;
  of_rollups constant boolean := selection.hours is null and selection.days is null;
  inner_numbers integer[];
  inner_cells text[];
  edge_numbers integer[];
  edge_cells text[];
  size   integer;
  part   record;
begin
  select array_agg(c.area_number) filter (where c."inner"), array_agg(c.cell) filter (where c."inner"),
         array_agg(c.area_number) filter (where not c."inner"), array_agg(c.cell) filter (where not c."inner")
    into inner_numbers, inner_cells, edge_numbers, edge_cells
    from tripgrid_internal.area_covers(asked) c;

  if of_rollups then
    for size in 4 .. 7 loop
      return query execute format($q$
        select i.n, r.week::date, sum(r.trips)::bigint
        from unnest($2, $3) i (n, cell) join tripgrid_internal.live_%s_%s r on %s
        where %s and r.week >= ($1).window_start and r.week < ($1).window_end
          and (($1).source is null or r.source = ($1).source) and (($1).region is null or r.region = ($1).region)
          and r.week::date <> all ($4)
        group by 1, 2 $q$, rollup, size,
        case when size = 4 then 'r.cell >= i.cell collate "C" and r.cell < i.cell || ''{'' collate "C"' else 'r.cell = i.cell collate "C"' end,
        case when size = 4 then 'length(i.cell) <= 4' else 'length(i.cell) = ' || size end)
      using selection, inner_numbers, inner_cells, behind;
    end loop;
  end if;

  for part in
    -- The trips of the edges; and those of the cells inside, of all weeks or of those that the rollups are behind with.
    select edge_numbers as numbers, edge_cells as cells, true as is_edge, selection.window_start as first, selection.window_end as last
      where edge_cells is not null
    union all
    select inner_numbers, inner_cells, false, selection.window_start, selection.window_end where inner_cells is not null and not of_rollups
    union all
    select inner_numbers, inner_cells, false, lower(r), upper(r)
      from unnest((select range_agg(tsrange(b, b + interval '7 days')) from unnest(behind) b)) r
      where inner_cells is not null and of_rollups
  loop
    return query
    select c.area_number, c.week, c.trips
    from tripgrid_internal.trips_of_areas(asked, tripgrid_internal.selection_within(selection, part.first, part.last), part.numbers, part.cells, part.is_edge) c;
  end loop;
end
$$;
comment on function tripgrid_internal.weekly_counts_of_areas is 'Trips a week that begin or end in each of many areas';

-- select area_number, week, sum(trips) from tripgrid_internal.weekly_counts_of_areas(array[st_makeenvelope(7.6, 45.0, 7.7, 45.1, 4326)], tripgrid_internal.selection_of(null, 'origin', null, null, null, null, null, null)) group by 1, 2;
