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
--         clusters_found, of at least min_trips; clusters_withheld, left out for having fewer trips than TRIPGRID_MIN_TRIPS
--         clusters, [{"id", "origin_cell", "destination_cell", "hour", "origin": [lon, lat], "destination": [lon, lat] (means), "trips",
--         "trips_per_week", "share" (of trips), "mean_duration_s", "median_duration_s", "mean_distance_m", "median_distance_m" (great
--         circle), and of hot spots "origin_cells" and "destination_cells"}, …] in order_by's order, then by id
--         data_as_of, every trip committed before this instant is counted
-- Errors: TG001 for the area, TG002 for the other parameters
--
-- A trip counts if its own point lies in the area, not the middle of its cell. All figures are made from the trips, in one snapshot; only
-- without an area and at precisions up to 5 are the clusters found by their rollup, and the trips of its pending weeks.
-- Groups are joined by hash tables: the planner cannot know how many there are, and sorted them, twice the time.
create or replace function tripgrid.cluster_answer(
  area geometry default null, match text default 'origin', source text default null, region text default null,
  from_date date default null, to_date date default null, hours integer[] default null, days integer[] default null,
  cell_precision integer default null, cluster_by text default 'cells', min_trips integer default null, order_by text default 'trips',
  max_clusters integer default 100, only_id text default null)
returns table (window_from date, window_to date, weeks_in_window integer, trips bigint, clusters_found integer, clusters_withheld integer,
               clusters jsonb, data_as_of timestamptz, retired_before date)
language plpgsql stable set search_path from current set jit = off set enable_mergejoin = off set work_mem = '64MB' as $$
#variable_conflict use_variable
declare
  asked   constant geometry := tripgrid.checked_area(area);
  size    constant integer := coalesce(cell_precision, case cluster_by when 'hotspots' then 7 else 5 end);
  fewest  integer;
  retired timestamp;
  opens   timestamp;
  closes  timestamp;
  -- Without an area both ends are everywhere.
  ends    constant text := case when asked is null and match = 'both' then 'origin' else match end;
  cells   text[];
  inside  boolean[];
  seen    record;
  origins      record;
  destinations record;
  chosen  record;
  listed  jsonb;
begin
  perform tripgrid.check_clusters(match, asked is not null or only_id is not null, size, cluster_by, order_by, max_clusters, min_trips);
  perform tripgrid.check_filters(match, from_date, to_date, hours, days);
  select s.min_trips, s.retired_before into fewest, retired from tripgrid.settings s;
  opens := greatest(coalesce(date_trunc('week', from_date::timestamp), '-infinity'), retired);
  closes := coalesce(date_trunc('week', to_date::timestamp) + interval '7 days', 'infinity');
  if asked is not null then
    select coalesce(array_agg(c.cell), '{}'), coalesce(array_agg(c."inner"), '{}') into cells, inside from tripgrid.area_cover(asked, 2048) c;
  elsif only_id is not null and cluster_by = 'cells' then
    cells := array[split_part(only_id, '-', case match when 'destination' then 2 else 1 end)];
    inside := array[true];
  end if;

  select coalesce(sum(g.n), 0)::bigint as trips, min(g.first) as first, max(g.last) as last,
         array_agg(g.o) filter (where g.d is not null) as o, array_agg(g.d) filter (where g.d is not null) as d,
         array_agg(g.h) filter (where g.d is not null) as h, array_agg(g.n) filter (where g.d is not null) as n,
         array_agg(g.total) filter (where g.d is not null) as total, array_agg(g.count) filter (where g.d is not null) as count
    into seen
    from tripgrid.cluster_groups(asked, cells, inside, ends, source, region, opens, closes, hours, days, size, order_by) g;
  if asked is null then
    select coalesce(sum(w.trips), 0)::bigint, min(w.week), max(w.week) into seen.trips, seen.first, seen.last
    from tripgrid.weekly_counts_of_regions(source, region, opens, closes, hours, days) w;
  end if;

  select array_agg(s.cell) as cell, array_agg(s.spot) as spot into origins
    from (select array_agg(x.o) as cells, array_agg(x.n) as trips
          from (select u.o, sum(u.n)::bigint as n from unnest(seen.o, seen.n) u (o, n) group by u.o) x) a,
         tripgrid.hot_spots(a.cells, a.trips) s
    where cluster_by = 'hotspots';
  select array_agg(s.cell) as cell, array_agg(s.spot) as spot into destinations
    from (select array_agg(x.d) as cells, array_agg(x.n) as trips
          from (select u.d, sum(u.n)::bigint as n from unnest(seen.d, seen.n) u (d, n) group by u.d) x) a,
         tripgrid.hot_spots(a.cells, a.trips) s
    where cluster_by = 'hotspots';

  with base as materialized (
    select u.o, u.d, u.h, u.n, u.total, u.count, coalesce(o.spot, u.o) as o_spot, coalesce(d.spot, u.d) as d_spot
    from unnest(seen.o, seen.d, seen.h, seen.n, seen.total, seen.count) u (o, d, h, n, total, count)
    left join unnest(origins.cell, origins.spot) o (cell, spot) on o.cell = u.o
    left join unnest(destinations.cell, destinations.spot) d (cell, spot) on d.cell = u.d
  ), found as materialized (
    select b.o_spot, b.d_spot, b.h, sum(b.n)::bigint as n, sum(b.total) / nullif(sum(b.count), 0) as mean,
           concat_ws('-', case cluster_by when 'hotspots' then 'hot' end, b.o_spot, b.d_spot, lpad(b.h::text, 2, '0')) as id
    from base b group by b.o_spot, b.d_spot, b.h
  ), judged as materialized (
    select f.*, false as is_withheld from found f where fewest <= 1
    union all
    select f.*, w.is_withheld
    from (select array_agg(x.id order by x.id) as ids, tripgrid.withheld(array_agg(x.n order by x.id)) as withheld
          from found x where fewest > 1) a
    cross join lateral unnest(a.ids, a.withheld) w (id, is_withheld)
    join found f using (id)
  ), ranked as materialized (
    select j.*, row_number() over (
             order by case order_by when 'trips' then j.n end desc,
                      case when order_by in ('distance', 'duration') then j.mean end desc nulls last, j.id collate "C")::int as i
    from judged j
    where not j.is_withheld and case when only_id is null then j.n >= coalesce(min_trips, 1) else j.id = only_id end
  ), taken as materialized (
    select r.i, r.id, r.o_spot, r.d_spot, r.h from ranked r where r.i <= max_clusters
  )
  select (select count(*) from ranked)::int as found, (select count(*) from judged j where j.is_withheld)::int as withheld,
         t.i as i, t.id, t.o_spot, t.d_spot, t.h, p.i as part_of, p.o, p.d, p.h as part_h
    into chosen
    from (select array_agg(t.i) as i, array_agg(t.id) as id, array_agg(t.o_spot) as o_spot, array_agg(t.d_spot) as d_spot,
                 array_agg(t.h) as h from taken t) t,
         (select array_agg(x.i) as i, array_agg(x.o) as o, array_agg(x.d) as d, array_agg(x.h) as h
          -- A group that came in several rows is one.
          from (select distinct t.i, b.o, b.d, b.h
                from taken t join base b on b.o_spot = t.o_spot and b.d_spot = t.d_spot and b.h = t.h) x) p;

  if chosen.i is not null then
    select jsonb_agg(
             jsonb_build_object(
               'id', c.id, 'origin_cell', c.o_spot, 'destination_cell', c.d_spot, 'hour', c.h,
               'origin', jsonb_build_array(st_x(f.origin), st_y(f.origin)),
               'destination', jsonb_build_array(st_x(f.destination), st_y(f.destination)), 'trips', f.trips, 'share', f.trips::float8 / seen.trips,
               'mean_duration_s', f.mean_duration_s, 'median_duration_s', f.median_duration_s,
               'mean_distance_m', f.mean_distance_m, 'median_distance_m', f.median_distance_m)
             || case when cluster_by = 'hotspots' then
                  jsonb_build_object('origin_cells', p.o, 'destination_cells', p.d) else '{}' end order by c.i)
      into listed
      from unnest(chosen.i, chosen.id, chosen.o_spot, chosen.d_spot, chosen.h) c (i, id, o_spot, d_spot, h)
      join tripgrid.cluster_figures(asked, cells, inside, ends, source, region, opens, closes, hours, days, size,
                                    chosen.part_of, chosen.o, chosen.d, chosen.part_h) f on f.cluster = c.i
      left join lateral (
        select array_agg(distinct u.o) as o, array_agg(distinct u.d) as d
        from unnest(chosen.part_of, chosen.o, chosen.d) u (i, o, d) where u.i = c.i) p on cluster_by = 'hotspots';
  end if;

  return query
  select w.first, w.last + 7, w.weeks, case when seen.trips between 1 and fewest - 1 then null else seen.trips end, chosen.found, chosen.withheld,
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
