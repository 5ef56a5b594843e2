-- Groups the trips of an area into clusters, and returns the largest with their figures: one row.
--
-- In:     area, match (origin, destination or both), source, region, from_date, to_date, hours, days, as tripgrid.weekly_counts
--         cell_precision, the characters of the cells, 4 to 7; 6 and 7 need an area. Null: those of only_id, else 5, or 7 for
--         hotspots
--         cluster_by, cells, or hotspots: neighbouring cells that tripgrid_internal.hot_spots joins count as one; hotspots need an area
--         min_trips, smaller clusters are left out. Null: only those that TRIPGRID_MIN_GROUP_SIZE withholds are left out
--         order_by, trips (most first), distance or duration (longest mean first) or id; max_clusters, 1 to 10,000
--         only_id, just this cluster, even if it has fewer trips than min_trips. Null: all
-- Out:    window_from, window_to, local Mondays, window_to not included: the whole weeks that hold from_date and to_date. An end
--         that is not given is the first or last week of the area's trips. Retired weeks are left out, because their trips are
--         gone; retired_before says so. weeks_in_window
--         trips, all that match, including those without a destination, which belong to no cluster
--         clusters_found, clusters with at least min_trips; null if only the largest were counted, and there are more
--         clusters_withheld, clusters left out for having fewer trips than TRIPGRID_MIN_GROUP_SIZE; null if unknown, because only
--         the largest were counted
--         clusters, [{"id", "origin_cell", "destination_cell", "hour", "origin": [lon, lat], "destination": [lon, lat] (means),
--         "trips", "trips_per_week", "share" (of trips), "mean_duration_s", "median_duration_s", "mean_distance_m",
--         "median_distance_m" (great circle), and for hot spots "origin_cells" and "destination_cells"}, …] in the order of
--         order_by, then by id
--         data_as_of, every trip committed before this instant is counted
-- Errors: TG001 for the area, TG002 for the other parameters
--
-- A trip counts if its own point lies in the area, not the middle of its cell. All clusters and their figures come from the
-- trips, in one snapshot. Without an area, and with precisions up to 5 and no days, the counts of clusters come from their rollup
-- and the trips of its pending weeks.
create or replace function tripgrid.cluster_answer(
  area geometry default null, match text default 'origin', source text default null, region text default null,
  from_date date default null, to_date date default null, hours integer[] default null, days integer[] default null,
  cell_precision integer default null, cluster_by text default 'cells', min_trips integer default null, order_by text default 'trips',
  max_clusters integer default 100, only_id text default null)
returns table (window_from date, window_to date, weeks_in_window integer, trips bigint, clusters_found integer, clusters_withheld integer,
               clusters jsonb, data_as_of timestamptz, retired_before date)
language plpgsql stable security definer set search_path from current set jit = off as $$
#variable_conflict use_variable
declare
  selection tripgrid.selection;
  options   tripgrid_internal.cluster_options;
  min_group integer;
  retired   timestamp;
  columnar  timestamp;
  -- The selection in which the largest clusters are searched for.
  searched  tripgrid.selection;
  -- What this search found. Null: nothing was searched for, or all clusters have to be counted.
  largest   record;
  -- The groups of trips that clusters are chosen from.
  groups    tripgrid_internal.trip_groups;
  -- All trips that match, and the times of the first and last of them.
  matching  bigint;
  first_time timestamp;
  last_time timestamp;
  origins      tripgrid_internal.cell_spots;
  destinations tripgrid_internal.cell_spots;
  chosen  record;
  others  record;
  listed  jsonb;
begin
  select s.min_trips, s.retired_before, s.columnar_before into min_group, retired, columnar from tripgrid.settings s;
  options := row(coalesce(cell_precision, length(split_part(only_id, '-', 2)), case cluster_by when 'hotspots' then 7 else 5 end),
                 cluster_by, min_trips, order_by, max_clusters, only_id);
  perform tripgrid_internal.check_clusters(match, area is not null or (only_id is not null and min_group = 1), options);
  selection := tripgrid_internal.selection_of(area, match, source, region, from_date, to_date, hours, days);
  selection.window_start := greatest(selection.window_start, retired);
  if selection.area is not null then
    select coalesce(array_agg(c.cell), '{}'), coalesce(array_agg(c."inner"), '{}') into selection.cells, selection.inside
      from tripgrid.area_cover(selection.area, 2048) c;
  elsif only_id is not null and cluster_by = 'cells' and min_group = 1 then
    -- If some clusters are withheld, all of them are needed to decide which.
    selection.cells := array[split_part(only_id, '-', case match when 'destination' then 2 else 1 end)];
    selection.inside := array[true];
  end if;
  if selection.area is null and match = 'both' then
    -- Without an area both ends of every trip match.
    selection.match := 'origin';
  end if;

  searched := selection;
  if selection.area is null then
    -- Every cell begins with it.
    searched.cells := array[''];
    searched.inside := array[true];
    searched.match := 'origin';
  end if;
  select b.* into largest
    from tripgrid_internal.top_clusters(searched, max_clusters + 1, min_trips) b
    where cluster_by = 'cells' and options.size = 5 and order_by = 'trips' and only_id is null
      and case when selection.area is null then selection.days is null else match <> 'destination' end
      and max_clusters <= 1000 and selection.window_start >= columnar;
  if largest.o is not null then
    groups := row(largest.o, largest.d, largest.h, largest.n, null, null);
    matching := largest.trips;
    first_time := largest.first;
    last_time := largest.last;
  else
    select array_agg(g.o) filter (where g.d is not null), array_agg(g.d) filter (where g.d is not null),
           array_agg(g.h) filter (where g.d is not null), array_agg(g.n) filter (where g.d is not null),
           array_agg(g.total) filter (where g.d is not null), array_agg(g.count) filter (where g.d is not null),
           coalesce(sum(g.n), 0)::bigint, min(g.first), max(g.last)
      into groups.o, groups.d, groups.h, groups.n, groups.total, groups.count, matching, first_time, last_time
      from tripgrid_internal.cluster_groups(selection, greatest(options.size, 5), order_by) g;
  end if;
  if selection.area is null then
    select coalesce(sum(w.trips), 0)::bigint, min(w.week), max(w.week) into matching, first_time, last_time
    from tripgrid_internal.weekly_counts_of_regions(selection) w;
  end if;

  if cluster_by = 'hotspots' then
    origins := tripgrid_internal.spots_of(groups.o, groups.n, options.size);
    destinations := tripgrid_internal.spots_of(groups.d, groups.n, options.size);
  end if;

  select * into chosen from tripgrid_internal.ranked_clusters(matching, groups, origins, destinations, options);

  if chosen.ids is not null then
    select array_agg(p.i) as i, array_agg(p.o) as o, array_agg(p.d) as d, array_agg(p.h) as h, sum(b.n)::bigint as trips into others
      from unnest(chosen.part_of, chosen.part_o, chosen.part_d, chosen.part_h) p (i, o, d, h)
      left join unnest(largest.o, largest.d, largest.h, largest.n, largest.figures) b (o, d, h, n, figures)
        on b.o = p.o and b.d = p.d and b.h = p.h where b.figures is null;
    select jsonb_agg(
             jsonb_build_object('id', c.id, 'origin_cell', c.o_spot, 'destination_cell', c.d_spot, 'hour', c.h,
                                'trips', f.trips, 'share', f.trips::float8 / matching)
             || f.figures
             || case when cluster_by = 'hotspots' then
                  jsonb_build_object('origin_cells', p.o, 'destination_cells', p.d) else '{}' end order by c.i)
      into listed
      from unnest(chosen.ids, chosen.o_spots, chosen.d_spots, chosen.hours) with ordinality c (id, o_spot, d_spot, h, i)
      join (select f.cluster, f.trips, f.figures
            from tripgrid_internal.cluster_figures(selection, options.size,
                                          others.i, others.o, others.d, others.h, tripgrid_internal.parts_of(coalesce(others.trips, chosen.shown_trips))) f
            where others.i is not null
            union all
            select p.i, b.n, b.figures
            from unnest(chosen.part_of, chosen.part_o, chosen.part_d, chosen.part_h) p (i, o, d, h)
            join unnest(largest.o, largest.d, largest.h, largest.n, largest.figures) b (o, d, h, n, figures)
              on b.o = p.o and b.d = p.d and b.h = p.h where b.figures is not null) f on f.cluster = c.i
      left join lateral (
        select array_agg(distinct left(u.o, options.size)) as o, array_agg(distinct left(u.d, options.size)) as d
        from unnest(chosen.part_of, chosen.part_o, chosen.part_d) u (i, o, d) where u.i = c.i) p on cluster_by = 'hotspots';
  end if;

  if selection.window_start >= selection.window_end then
    -- The whole window is retired.
    selection.window_start := null;
    selection.window_end := null;
  end if;
  return query
  select w.first, w.last + 7, w.weeks, case when matching between 1 and min_group - 1 then null else matching end,
         case when largest.o is null or largest.least_n <= coalesce(min_trips, 1) then chosen.found end,
         case when largest.o is null or largest.least_n = 1 or min_group = 1 then chosen.suppressed end,
         coalesce((select jsonb_agg(c || jsonb_build_object('trips_per_week', (c ->> 'trips')::float8 / w.weeks) order by n)
                   from jsonb_array_elements(listed) with ordinality l (c, n)), '[]'),
         statement_timestamp(),
         case when coalesce(date_trunc('week', from_date::timestamp), '-infinity') < retired then retired::date end
  from (select e.first, e.last, (e.last - e.first) / 7 + 1 as weeks
        from (select coalesce(case when from_date is not null then selection.window_start end, date_trunc('week', first_time),
                              case when to_date is not null then selection.window_end - interval '7 days' end)::date as first,
                     coalesce(case when to_date is not null then selection.window_end - interval '7 days' end, date_trunc('week', last_time),
                              case when from_date is not null then selection.window_start end)::date as last) e) w;
end
$$;
comment on function tripgrid.cluster_answer is 'The trips of an area grouped into clusters: one row';

-- select * from tripgrid.cluster_answer(area => st_makeenvelope(7.6, 45.0, 7.7, 45.1));
