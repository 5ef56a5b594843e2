-- How many trips begin or end in an area in each week, by its cells: several rows a week, to be summed.
--
-- In:     asked, as tripgrid.checked_area gives it; match, origin or destination; source and region, null: all
--         opens and closes, local Mondays, the second not included
--         cells and inside, the area's cover, where it is known
-- Out:    week, its Monday; trips
-- Errors: none of its own
--
-- Three parts that do not overlap: the cells inside the area from the rollups; the same cells from the trips, for the weeks
-- that the rollups are behind with; and the trips of the edge cells, each tested against the area. "is true" keeps the planner
-- from going to the trips by their source, 35 s instead of 0.3.
create or replace function tripgrid.weekly_counts_by_cell(
  asked geometry, match text, source text, region text, opens timestamp, closes timestamp,
  cells text[] default null, inside boolean[] default null)
returns table (week date, trips bigint)
language plpgsql stable set search_path from current set jit = off as $$
declare
  behind date[] := array(select distinct p.week from tripgrid.pending_weeks p where p.week >= opens and p.week < closes);
  rollup text := case match when 'origin' then 'weekly_origins' else 'weekly_destinations' end;
  cell   text := case match when 'origin' then 'o_cell' else 'd_cell' end;
  -- Beyond so many vertices a point is told faster from the clip of its cell.
  many_vertices constant integer := 300;
  -- The edge of a continent would take a hundred thousand of the finest cells, most of them without a trip.
  most_edge_cells constant integer := 8192;
  columnar constant timestamp := (select least(s.columnar_before, closes) from tripgrid.settings s);
  run    tsrange;
  -- Where there is no limit nothing is said of the time: not knowing better, the planner might go in by it.
  during text := case when isfinite(greatest(opens, columnar)) then ' and t.local_time >= $2' else '' end
                 || case when isfinite(closes) then ' and t.local_time < $3' else '' end;
  inner_cells text[];
  edge   text[];
  clips  geometry[];
  inside_area double precision;
begin
  select coalesce(array_agg(c.cell) filter (where c."inner"), '{}'),
         coalesce(array_agg(c.cell) filter (where not c."inner"), '{}'),
         coalesce(sum(st_area(st_geomfromgeohash(c.cell))) filter (where c."inner"), 0)
    into inner_cells, edge, inside_area
    from (select u.cell, u."inner" from unnest(cells, inside) u (cell, "inner")
          union all select a.cell, a."inner" from tripgrid.area_cover(case when cells is null then asked end, most_edge_cells) a) c;
  if st_npoints(asked) > many_vertices then
    clips := tripgrid.edge_clips(asked, edge, inside_area);
  end if;

  return query
  select r.week, r.trips
  from tripgrid.rollup_counts(rollup, inner_cells, opens, closes, source, region) r
  where r.week <> all (behind);

  -- Run by run, with its ends as constants: the planner then sees which partitions hold it, and goes in by the cell. Joined to a list
  -- of runs it went in by the time, and took minutes.
  for run in select r from unnest((select range_agg(tsrange(b, b + interval '7 days')) from unnest(behind) b)) r loop
    return query
    select c.week, c.trips
    from tripgrid.columnar_counts(asked, inner_cells, array_fill(true, array[cardinality(inner_cells)]), match, 'true',
                                  lower(run), least(upper(run), columnar), source, region, null, null) c;
    continue when upper(run) <= columnar;
    return query execute format($q$
      select date_trunc('week', t.local_time)::date, count(*)
      from unnest($1) i
      cross join lateral (
        select t.local_time from tripgrid.trips t
        where t.%1$I >= i collate "C" and t.%1$I < i || '{' collate "C"
          and t.local_time >= $2 and t.local_time < $3
          and ($4 is null or (t.source = $4) is true) and ($5 is null or t.region = $5)
        offset 0) t
      group by 1 $q$, cell)
    using inner_cells, greatest(lower(run), columnar), upper(run), source, region;
  end loop;

  return query
  select c.week, c.trips
  from tripgrid.columnar_counts(asked, edge, array_fill(false, array[cardinality(edge)]), match, 'true',
                                opens, columnar, source, region, null, null) c;
  if columnar >= closes then
    return;
  end if;
  return query execute format($q$
    select date_trunc('week', t.local_time)::date, count(*)
    from unnest($1, $7) e (cell, clip)
    cross join lateral (select st_boundary(e.clip) as line offset 0) b
    cross join lateral (
      select t.local_time from tripgrid.trips t
      where t.%1$I >= e.cell collate "C" and t.%1$I < e.cell || '{' collate "C"
        %3$s
        and ($4 is null or (t.source = $4) is true) and ($5 is null or t.region = $5)
        and %2$s
      offset 0) t
    group by 1 $q$, cell,
    -- What lies on the edge of a clip, but for rounding, is asked of the area itself.
    case when clips is null then format('st_intersects($6, t.%I)', match)
    else format('case when st_dwithin(b.line, t.%1$I, 1e-10) then st_intersects($6, t.%1$I) else st_intersects(e.clip, t.%1$I) end',
                match) end,
    during)
  using edge, greatest(opens, columnar), closes, source, region, asked, clips;
end
$$;
comment on function tripgrid.weekly_counts_by_cell is 'Trips a week that begin or end in an area, by its cells';

-- select week, sum(trips) from tripgrid.weekly_counts_by_cell(st_makeenvelope(7.6, 45.0, 7.7, 45.1, 4326), 'origin', null, null, '-infinity', 'infinity') group by 1;
