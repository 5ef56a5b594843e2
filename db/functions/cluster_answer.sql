-- The trips of an area grouped into clusters, the biggest ones with their figures: one row.
--
-- In:     area, match (origin, destination or both), source, region, from_date, to_date, hours, days, as tripgrid.weekly_counts
--         cell_precision, the characters of the cells, 4 to 7; finer ones than 5 need an area
--         cluster_by, cells, or hotspots: neighbouring cells that tripgrid.hot_spots joins count as one; these need an area
--         min_trips, smaller clusters are left out; null: those of TRIPGRID_MIN_TRIPS
--         order_by, trips (most first), distance or duration (longest mean first) or id; max_clusters, 1 to 10,000
--         only_id, just this cluster, however many trips it has; null: all
-- Out:    window_from, window_to, Mondays, local, the second not included: the whole weeks that hold from_date and to_date; an end that
--         is not given is the first or last week of the area's trips. Retired weeks are left out, as their trips are gone:
--         retired_before says so. weeks_in_window
--         trips, all that match, those without a destination too, which belong to no cluster
--         clusters_found, of at least min_trips; null where just the biggest were counted, and there are more
--         clusters_withheld, left out for having fewer trips than TRIPGRID_MIN_TRIPS; null where just the biggest were counted
--         clusters, [{"id", "origin_cell", "destination_cell", "hour", "origin": [lon, lat], "destination": [lon, lat] (means), "trips",
--         "trips_per_week", "share" (of trips), "mean_duration_s", "median_duration_s", "mean_distance_m", "median_distance_m" (great
--         circle), and of hot spots "origin_cells" and "destination_cells"}, …] in order_by's order, then by id
--         data_as_of, every trip committed before this instant is counted
-- Errors: TG001 for the area, TG002 for the other parameters
--
-- A trip counts if its own point lies in the area, not the middle of its cell. All figures are made from the trips, in one snapshot; only
-- without an area and at precisions up to 5 are the clusters found by their rollup, and the trips of its pending weeks.
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
  asked   constant geometry := tripgrid.checked_area(area);
  size    constant integer := coalesce(cell_precision, length(split_part(only_id, '-', 2)), case cluster_by when 'hotspots' then 7 else 5 end);
  fewest  integer;
  retired timestamp;
  columnar timestamp;
  opens   timestamp;
  closes  timestamp;
  -- Without an area both ends are everywhere.
  ends    constant text := case when asked is null and match = 'both' then 'origin' else match end;
  cells   text[];
  inside  boolean[];
  biggest record;
  seen    record;
  origins      record;
  destinations record;
  chosen  record;
  others  record;
  listed  jsonb;
begin
  select s.min_trips, s.retired_before, s.columnar_before into fewest, retired, columnar from tripgrid.settings s;
  perform tripgrid.check_clusters(match, asked is not null or (only_id is not null and fewest = 1), size, cluster_by, order_by, max_clusters, min_trips);
  perform tripgrid.check_filters(match, from_date, to_date, hours, days);
  opens := greatest(coalesce(date_trunc('week', from_date::timestamp), '-infinity'), retired);
  closes := coalesce(date_trunc('week', to_date::timestamp) + interval '7 days', 'infinity');
  if asked is not null then
    select coalesce(array_agg(c.cell), '{}'), coalesce(array_agg(c."inner"), '{}') into cells, inside from tripgrid.area_cover(asked, 2048) c;
  elsif only_id is not null and cluster_by = 'cells' and fewest = 1 then
    -- Where some are withheld, which ones depends on all of them.
    cells := array[split_part(only_id, '-', case match when 'destination' then 2 else 1 end)];
    inside := array[true];
  end if;

  select b.* into biggest
    from tripgrid.biggest_clusters(asked, cells, inside, match, source, region, opens, closes, hours, days, max_clusters + 1, min_trips) b
    where asked is not null and cluster_by = 'cells' and size = 5 and order_by = 'trips' and only_id is null and match <> 'destination'
      and max_clusters <= 1000 and opens >= columnar;
  if biggest.o is not null then
    select biggest.trips, biggest.first::timestamp, biggest.last::timestamp, biggest.o, biggest.d, biggest.h, biggest.n,
           null::float8[] as total, null::bigint[] as count into seen;
  else
    select coalesce(sum(g.n), 0)::bigint as trips, min(g.first) as first, max(g.last) as last,
           array_agg(g.o) filter (where g.d is not null) as o, array_agg(g.d) filter (where g.d is not null) as d,
           array_agg(g.h) filter (where g.d is not null) as h, array_agg(g.n) filter (where g.d is not null) as n,
           array_agg(g.total) filter (where g.d is not null) as total, array_agg(g.count) filter (where g.d is not null) as count
      into seen
      from tripgrid.cluster_groups(asked, cells, inside, ends, source, region, opens, closes, hours, days, greatest(size, 5), order_by) g;
  end if;
  if asked is null then
    select coalesce(sum(w.trips), 0)::bigint, min(w.week), max(w.week) into seen.trips, seen.first, seen.last
    from tripgrid.weekly_counts_of_regions(source, region, opens, closes, hours, days) w;
  end if;

  select array_agg(s.cell) as cell, array_agg(s.spot) as spot into origins
    from (select array_agg(x.o) as cells, array_agg(x.n) as trips
          from (select left(u.o, size) as o, sum(u.n)::bigint as n from unnest(seen.o, seen.n) u (o, n) group by 1) x) a,
         tripgrid.hot_spots(a.cells, a.trips) s
    where cluster_by = 'hotspots';
  select array_agg(s.cell) as cell, array_agg(s.spot) as spot into destinations
    from (select array_agg(x.d) as cells, array_agg(x.n) as trips
          from (select left(u.d, size) as d, sum(u.n)::bigint as n from unnest(seen.d, seen.n) u (d, n) group by 1) x) a,
         tripgrid.hot_spots(a.cells, a.trips) s
    where cluster_by = 'hotspots';

  select * into chosen
    from tripgrid.ranked_clusters(seen.trips, seen.o, seen.d, seen.h, seen.n, seen.total, seen.count, cluster_by = 'hotspots', origins.cell, origins.spot,
                                  destinations.cell, destinations.spot, min_trips, order_by, max_clusters, only_id, size);

  if chosen.ids is not null then
    select array_agg(p.i) as i, array_agg(p.o) as o, array_agg(p.d) as d, array_agg(p.h) as h, sum(b.n)::bigint as trips into others
      from unnest(chosen.part_of, chosen.part_o, chosen.part_d, chosen.part_h) p (i, o, d, h)
      left join unnest(biggest.o, biggest.d, biggest.h, biggest.n, biggest.figures) b (o, d, h, n, figures)
        on b.o = p.o and b.d = p.d and b.h = p.h where b.figures is null;
    select jsonb_agg(
             jsonb_build_object('id', c.id, 'origin_cell', c.o_spot, 'destination_cell', c.d_spot, 'hour', c.h,
                                'trips', f.trips, 'share', f.trips::float8 / seen.trips)
             || f.figures
             || case when cluster_by = 'hotspots' then
                  jsonb_build_object('origin_cells', p.o, 'destination_cells', p.d) else '{}' end order by c.i)
      into listed
      from unnest(chosen.ids, chosen.o_spots, chosen.d_spots, chosen.hours) with ordinality c (id, o_spot, d_spot, h, i)
      join (select f.cluster, f.trips, f.figures
            from tripgrid.cluster_figures(asked, cells, inside, ends, source, region, opens, closes, hours, days, size,
                                          others.i, others.o, others.d, others.h, tripgrid.parts_of(coalesce(others.trips, chosen.shown_trips))) f
            where others.i is not null
            union all
            select p.i, b.n, b.figures
            from unnest(chosen.part_of, chosen.part_o, chosen.part_d, chosen.part_h) p (i, o, d, h)
            join unnest(biggest.o, biggest.d, biggest.h, biggest.n, biggest.figures) b (o, d, h, n, figures)
              on b.o = p.o and b.d = p.d and b.h = p.h where b.figures is not null) f on f.cluster = c.i
      left join lateral (
        select array_agg(distinct left(u.o, size)) as o, array_agg(distinct left(u.d, size)) as d
        from unnest(chosen.part_of, chosen.part_o, chosen.part_d) u (i, o, d) where u.i = c.i) p on cluster_by = 'hotspots';
  end if;

  if opens >= closes then
    -- All of the window is retired.
    opens := null;
    closes := null;
  end if;
  return query
  select w.first, w.last + 7, w.weeks, case when seen.trips between 1 and fewest - 1 then null else seen.trips end,
         case when biggest.o is null or biggest.least_n <= coalesce(min_trips, 1) then chosen.found end,
         case when biggest.o is null or biggest.least_n = 1 or fewest = 1 then chosen.withheld end,
         coalesce((select jsonb_agg(c || jsonb_build_object('trips_per_week', (c ->> 'trips')::float8 / w.weeks) order by n)
                   from jsonb_array_elements(listed) with ordinality l (c, n)), '[]'),
         statement_timestamp(),
         case when coalesce(date_trunc('week', from_date::timestamp), '-infinity') < retired then retired::date end
  from (select e.first, e.last, (e.last - e.first) / 7 + 1 as weeks
        from (select coalesce(case when from_date is not null then opens end, date_trunc('week', seen.first),
                              case when to_date is not null then closes - interval '7 days' end)::date as first,
                     coalesce(case when to_date is not null then closes - interval '7 days' end, date_trunc('week', seen.last),
                              case when from_date is not null then opens end)::date as last) e) w;
end
$$;
comment on function tripgrid.cluster_answer is 'The trips of an area grouped into clusters: one row';

-- select * from tripgrid.cluster_answer(area => st_makeenvelope(7.6, 45.0, 7.7, 45.1));
