-- Counts the trips that begin or end in a selection's area in each week, by the area's cells: several rows a week, to be summed.
--
-- In:     selection, with an area and a match of origin or destination; hours and days do not count. If it has no cells, they are
--         computed.
-- Out:    week, its Monday; trips
-- Errors: none of its own
--
-- The rows come from three parts that do not overlap: the cells inside the area from the rollups; the same cells from the trips,
-- for the weeks that the rollups are behind with; and the trips of the edge cells, each tested against the area. Without "is
-- true" the planner searched the trips by source: 35 s instead of 0.3 s.
create or replace function tripgrid_internal.weekly_counts_by_cell(selection tripgrid.selection)
returns table (week date, trips bigint)
language plpgsql stable set search_path from current set jit = off as $$
declare
  behind date[] := array(select distinct p.week from tripgrid_internal.pending_weeks p where p.week >= selection.window_start and p.week < selection.window_end);
  rollup text := case selection.match when 'origin' then 'weekly_origins' else 'weekly_destinations' end;
  cell   text := case selection.match when 'origin' then 'o_cell' else 'd_cell' end;
  -- Above this number of vertices a point is tested faster against the clip of its cell.
  max_vertices constant integer := 300;
  -- The edge of a continent would take a hundred thousand of the finest cells, most of them without trips.
  max_edge_cells constant integer := 8192;
  columnar constant timestamp := (select least(s.columnar_before, selection.window_end) from tripgrid.settings s);
  run    tsrange;
  -- An open end adds no condition on the time: a condition might make the planner search by time.
  during text := case when isfinite(greatest(selection.window_start, columnar)) then ' and t.local_time >= $4' else '' end
                 || case when isfinite(selection.window_end) then ' and t.local_time < ($1).window_end' else '' end;
  inner_cells text[];
  edge   text[];
  clips  geometry[];
  inside_area double precision;
begin
  select coalesce(array_agg(c.cell) filter (where c."inner"), '{}'),
         coalesce(array_agg(c.cell) filter (where not c."inner"), '{}'),
         coalesce(sum(st_area(st_geomfromgeohash(c.cell))) filter (where c."inner"), 0)
    into inner_cells, edge, inside_area
    from (select u.cell, u."inner" from unnest(selection.cells, selection.inside) u (cell, "inner")
          union all
          select a.cell, a."inner" from tripgrid.area_cover(case when selection.cells is null then selection.area end, max_edge_cells) a) c;
  if st_npoints(selection.area) > max_vertices then
    clips := tripgrid_internal.edge_clips(selection.area, edge, inside_area);
  end if;

  return query
  select r.week, r.trips
  from tripgrid_internal.rollup_counts(rollup, inner_cells, selection) r
  where r.week <> all (behind);

  -- One run of weeks at a time, with its ends as constants: the planner then knows its partitions, and searches by cell. With a
  -- join to a list of runs it searched by time, and took minutes.
  for run in select r from unnest((select range_agg(tsrange(b, b + interval '7 days')) from unnest(behind) b)) r loop
    return query
    select c.week, c.trips
    from tripgrid_internal.columnar_counts(tripgrid_internal.selection_within(selection, lower(run), least(upper(run), columnar)),
                                           inner_cells, array_fill(true, array[cardinality(inner_cells)]), selection.match, 'true') c;
    continue when upper(run) <= columnar;
    return query execute format($q$
      select date_trunc('week', t.local_time)::date, count(*)
      from unnest($2) i
      cross join lateral (
        select t.local_time from tripgrid.trips t
        where t.%1$I >= i collate "C" and t.%1$I < i || '{' collate "C"
          and t.local_time >= $3 and t.local_time < $4
          and (($1).source is null or (t.source = ($1).source) is true) and (($1).region is null or t.region = ($1).region)
        offset 0) t
      group by 1 $q$, cell)
    using selection, inner_cells, greatest(lower(run), columnar), upper(run);
  end loop;

  return query
  select c.week, c.trips
  from tripgrid_internal.columnar_counts(tripgrid_internal.selection_within(selection, selection.window_start, columnar),
                                         edge, array_fill(false, array[cardinality(edge)]), selection.match, 'true') c;
  if columnar >= selection.window_end then
    return;
  end if;
  return query execute format($q$
    select date_trunc('week', t.local_time)::date, count(*)
    from unnest($2, $3) e (cell, clip)
    cross join lateral (select st_boundary(e.clip) as line offset 0) b
    cross join lateral (
      select t.local_time from tripgrid.trips t
      where t.%1$I >= e.cell collate "C" and t.%1$I < e.cell || '{' collate "C"
        %3$s
        and (($1).source is null or (t.source = ($1).source) is true) and (($1).region is null or t.region = ($1).region)
        and %2$s
      offset 0) t
    group by 1 $q$, cell,
    -- A point on the edge of a clip, give or take rounding, is tested against the area itself.
    case when clips is null then format('st_intersects(($1).area, t.%I)', selection.match)
    else format('case when st_dwithin(b.line, t.%1$I, 1e-10) then st_intersects(($1).area, t.%1$I) else st_intersects(e.clip, t.%1$I) end',
                selection.match) end,
    during)
  using selection, edge, clips, greatest(selection.window_start, columnar);
end
$$;
comment on function tripgrid_internal.weekly_counts_by_cell is 'Trips a week that begin or end in an area, by its cells';

-- select week, sum(trips) from tripgrid_internal.weekly_counts_by_cell(tripgrid_internal.selection_of(st_makeenvelope(7.6, 45.0, 7.7, 45.1), 'origin', null, null, null, null, null, null)) group by 1;
