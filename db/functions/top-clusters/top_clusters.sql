-- Finds the clusters of an area, or everywhere, that have most trips, without counting all of them: one row.
--
-- In:     selection, with an area and its cells; its match is origin or both; the clusters have cells of five characters. Without
--         an area: cells that hold every trip, all of them inside; its match is origin, and it has no days
--         wanted, the number of clusters; min_trips, smaller ones do not matter. Null: 1
-- Out:    trips, all of the area that match; first and last, the Mondays of the first and last of them
--         o, d, h, n, groups; they include the wanted ones with most trips, and all others with as many trips as the last of
--         these
--         figures, for some of them, as tripgrid_internal.cluster_figures returns them; else null
--         least_n, the groups include every group with at least this many trips
--         The groups are null if this search is no faster than counting all, or cannot tell which clusters must be withheld.
-- Errors: none of its own
--
-- It uses the threshold algorithm (Fagin, Lotem and Naor, Optimal aggregation algorithms for middleware, 2003). The rollup gives
-- the most trips that a cluster can have. The clusters that may have most are counted from their trips. A cluster that can only
-- have fewer than the last one wanted stays uncounted. The rollup's count is exact if the cluster's cell lies in the area and the
-- rollup knows all filters. If only a small part of a cell lies in the area, the rollup says next to nothing about it, and all
-- clusters of that part are counted first.
create or replace function tripgrid_internal.top_clusters(
  selection tripgrid.selection, wanted integer, min_trips integer,
  out trips bigint, out first date, out last date, out o text[], out d text[], out h integer[], out n bigint[], out figures jsonb[], out least_n bigint)
language plpgsql stable set search_path from current set jit = off as $$
#variable_conflict use_variable
declare
  min_group constant integer := (select s.min_trips from tripgrid.settings s);
  min_count constant bigint := case when min_group > 1 then 1 else coalesce(min_trips, 1) end;
  -- The index on a cell has neither source nor region.
  is_whole  constant boolean := selection.source is null and selection.region is null;
  weeks    timestamp[];
  behind   timestamp[];
  -- The part of `trips` in weeks that the rollup is not behind with, and one of these weeks.
  settled  double precision;
  sample   timestamp;
  -- Below this share of a cell, reading its trips in the area is faster than reading those of the clusters that might be large, a
  -- third of the cell's trips.
  min_share constant double precision := 0.2;
  five     record;
  ends     text[];
  -- The clusters of cells of which only a small part lies in the area.
  slivers  tripgrid_internal.trip_groups;
  -- The clusters in the weeks that the rollup is behind with.
  more     tripgrid_internal.trip_groups;
  -- The selection with its cells of five characters, and with one kind of its cells.
  by_five  tripgrid.selection := selection;
  part_of  tripgrid.selection := selection;
  bounds   record;
  counts   bigint[];
  chosen   integer[];
  -- The counts from trips so far, by cells and hour.
  part     record;
  keys     text[] := '{}';
  known    bigint[] := '{}';
  measured jsonb[] := '{}';
  -- Clusters that can only have fewer trips are skipped.
  threshold bigint;
  max_bounded integer;
  max_trips bigint;
begin
  select sum(w.trips)::bigint, min(w.week), max(w.week), array_agg(distinct w.week),
         sum(w.trips) filter (where not exists (select from tripgrid_internal.pending_weeks p where p.week = w.week))
    into trips, first, last, weeks, settled
    from (select c.week, c.trips from tripgrid_internal.current_counts(selection) c where selection.area is not null
          union all
          select r.week, r.trips from tripgrid_internal.weekly_counts_of_regions(selection) r where selection.area is null) w
    where w.trips > 0;
  trips := coalesce(trips, 0);
  -- With a filter, a few trips can match among many, and all would be read.
  if is_whole and selection.match = 'origin' and selection.hours is null and selection.days is null and tripgrid_internal.are_few(trips) then
    return;
  end if;
  behind := array(select distinct p.week from tripgrid_internal.pending_weeks p where p.week = any (weeks));
  weeks := array(select w from unnest(weeks) w where w <> all (behind));
  sample := weeks[(cardinality(weeks) + 1) / 2];
  -- A cluster has at most as many rows as its origin cell, and one group of the trips that the rollup is behind with. The share
  -- of a cell's trips that lies in the area is estimated from one week's trips in its cells of six characters. Those at the edge
  -- count by their surface; 32 cells make one with a character less. The shares are then scaled so that together they give as
  -- many trips as the area has.
  with six as (
    select left(u.cell, 6) as cell, sum(case when u."inner" then 1 else 0.5 end * 32.0 ^ least(0, 6 - length(u.cell)))::float8 as surface
    from unnest(selection.cells, selection.inside) u (cell, "inner") where length(u.cell) > 5 group by 1
  ), sampled as (
    select left(x.cell, 5) as cell, sum(x.surface * r.trips) as n
    from six x
    join tripgrid_internal.live_weekly_origins_6 r on r.cell = x.cell collate "C" and r.week = sample
      and (selection.source is null or r.source = selection.source) and (selection.region is null or r.region = selection.region)
    group by 1
  ), cell as materialized (
    select r.cell, bool_or(c.is_inside) as is_inside, bool_and(c.is_fine) as is_fine, sum(r.trips)::float8 as n, count(*) as rows,
           case when bool_or(c.is_inside) then 1
                else coalesce(max(x.n) / nullif(sum(r.trips) filter (where r.week = sample), 0), max(c.surface)) end as share
    from (select left(u.cell, 5) as cell, bool_and(u."inner" and length(u.cell) <= 5) as is_inside, bool_and(length(u.cell) > 5) as is_fine,
                 sum(case when u."inner" then 1 else 0.5 end * 32.0 ^ least(0, 5 - length(u.cell)))::float8 as surface
          from unnest(selection.cells, selection.inside) u (cell, "inner") group by 1) c
    cross join lateral (
      select r.cell, r.trips, r.week from tripgrid_internal.live_weekly_origins_5 r
      where r.cell >= c.cell collate "C" and r.cell < c.cell || '{' collate "C" and r.week = any (weeks)
        and (selection.source is null or r.source = selection.source) and (selection.region is null or r.region = selection.region) offset 0) r
    left join sampled x on x.cell = r.cell
    group by r.cell)
  select array_agg(g.cell) filter (where not g.is_sliver) as cells, array_agg(g.is_inside) filter (where not g.is_sliver) as inside,
         array_agg(g.share) filter (where not g.is_sliver) as shares, array_agg(g.n) filter (where not g.is_sliver) as counts,
         greatest(1, coalesce(max(g.rows) filter (where not g.is_sliver), 0) + (behind <> '{}')::int) as max_rows,
         coalesce(array_agg(g.cell) filter (where g.is_sliver), '{}') as slivers
    into five
    from (select g.*, selection.match = 'origin' and is_whole and g.is_fine and g.share < min_share as is_sliver
          from (select g.cell, g.is_inside, g.is_fine, g.n, g.rows, case when g.is_inside then 1 else least(1, g.share * t.times) end as share
                from cell g,
                     (select case when selection.match = 'origin' and selection.hours is null and selection.days is null
                                  then greatest(0, settled - coalesce(sum(c.n) filter (where c.is_inside), 0))
                                       / nullif(sum(c.n * c.share) filter (where not c.is_inside), 0)
                                  else 1 end as times from cell c) t) g) g;
  ends := array(select distinct left(u, 5) from unnest(selection.cells) u);
  max_bounded := least(trips / greatest(cardinality(weeks), 1), 1000000000);
  if cardinality(five.cells) > max_bounded then
    -- A large area with few trips.
    return;
  end if;
  select array_agg(u.cell), array_agg(u."inner") into part_of.cells, part_of.inside
    from unnest(selection.cells, selection.inside) u (cell, "inner") where selection.area is not null and left(u.cell, 5) <> all (five.slivers);
  select array_agg(m.o), array_agg(m.d), array_agg(m.h), array_agg(m.n) into more.o, more.d, more.h, more.n
    from (select g.o, g.d, g.h, sum(g.n)::bigint as n
          from unnest((select range_agg(tsrange(b, b + interval '7 days')) from unnest(behind) b)) run
          cross join lateral tripgrid_internal.cluster_groups(tripgrid_internal.selection_within(part_of, lower(run), upper(run)), 5, 'trips') g
          where (part_of.cells is not null or selection.area is null) and g.d is not null group by 1, 2, 3) m;
  select array_agg(u.cell), array_agg(u."inner") into part_of.cells, part_of.inside
    from unnest(selection.cells, selection.inside) u (cell, "inner") where left(u.cell, 5) = any (five.slivers);
  select array_agg(m.o), array_agg(m.d), array_agg(m.h), array_agg(m.n) into slivers.o, slivers.d, slivers.h, slivers.n
    from (select g.o, g.d, g.h, sum(g.n)::bigint as n from tripgrid_internal.cluster_groups(part_of, 5, 'trips') g
          where part_of.cells is not null and g.d is not null group by 1, 2, 3) m;
  -- The expected number, from one of the weeks.
  select g.n into threshold
    from (select h.trips * c.share * cardinality(weeks) * 0.8 as n
          from unnest(five.cells, five.shares) c (cell, share)
          cross join lateral (
            select r.trips from tripgrid_internal.live_weekly_clusters r
            where r.o_cell = c.cell collate "C" and r.week = sample
              and (selection.source is null or r.source = selection.source) and (selection.region is null or r.region = selection.region)
              and (selection.hours is null or r.hour = any (selection.hours))
            order by r.trips desc limit wanted) h
          union all
          select s from unnest(slivers.n) s) g
    order by g.n desc offset wanted - 1 limit 1;
  threshold := greatest(min_count, threshold);

  loop
    -- No cluster has more trips than its cell.
    select array_agg(c.cell), array_agg(c.is_inside) into by_five.cells, by_five.inside
      from unnest(five.cells, five.inside, five.counts) c (cell, is_inside, n)
      left join (select u.o, sum(u.n) as n from unnest(more.o, more.n) u (o, n) group by 1) m on m.o = c.cell
      where c.n + coalesce(m.n, 0) >= threshold;
    select array_agg(b.o) as o, array_agg(b.d) as d, array_agg(b.h) as h, array_agg(b.upper) as upper,
           array_agg(case when b.is_exact then b.upper else b.n end) as n, array_agg(b.n is not null) as is_counted,
           count(*) filter (where not b.is_sliver) as bounded
      into bounds
      from (select b.*, k.n
            from (select b.o, b.d, b.h, b.upper, false as is_sliver,
                         (b.is_inside or selection.area is null) and selection.match = 'origin' and selection.days is null as is_exact,
                         -- Cells that the rollup does not know occur only in the further trips.
                         b.upper * coalesce(c.share, 1) as likely
                  from tripgrid_internal.cluster_bounds(by_five, ends, weeks, more, five.max_rows, threshold, max_bounded + 1) b
                  left join unnest(five.cells, five.shares) c (cell, share) on c.cell = b.o
                  union all
                  select s.o, s.d, s.h, s.n, true, true, s.n from unnest(slivers.o, slivers.d, slivers.h, slivers.n) s (o, d, h, n) where s.n >= threshold) b
            left join unnest(keys, known) k (key, n) on k.key = b.o || b.d || b.h
            order by b.likely desc) b;
    if bounds.bounded > max_bounded then
      return;
    end if;
    counts := coalesce(bounds.n, '{}');
    least_n := null;
    for round in 1..2 loop
      -- Most of the first clusters will be wanted, so their figures are computed with their counts.
      chosen := array(
        select u.i from unnest(counts, bounds.upper, bounds.is_counted) with ordinality u (n, upper, is_counted, i)
        where case when least_n is null then u.i <= wanted and not u.is_counted else u.n is null and u.upper >= least_n end);
      max_trips := (select sum(bounds.upper[i]) from unnest(chosen) i);
      if (select sum(bounds.upper[i]) from unnest(chosen) i where counts[i] is null) > 2 * trips then
        -- Counting all trips of the area is no more work: each trip takes 0.3 µs by the index on clusters.
        return;
      end if;
      if chosen <> '{}' then
        if least_n is null then
          select array_agg(f.trips order by f.cluster) as n, array_agg(f.figures order by f.cluster) as figures into part
            from tripgrid_internal.cluster_figures(selection, 5, chosen,
                                          array(select bounds.o[i] from unnest(chosen) i), array(select bounds.d[i] from unnest(chosen) i),
                                          array(select bounds.h[i] from unnest(chosen) i), tripgrid_internal.parts_of(max_trips)) f;
        else
          select array_agg(c.trips order by c.i) as n, array_fill(null::jsonb, array[cardinality(chosen)]) as figures into part
            from tripgrid_internal.cluster_counts(selection,
                                         array(select bounds.o[i] || bounds.d[i] || bounds.h[i] from unnest(chosen) i), tripgrid_internal.parts_of(max_trips)) c;
        end if;
        counts := array(select coalesce(c.n, u.n) from unnest(counts) with ordinality u (n, i) left join unnest(chosen, part.n) c (i, n) using (i)
                        order by u.i);
        keys := keys || array(select bounds.o[i] || bounds.d[i] || bounds.h[i] from unnest(chosen) i);
        known := known || part.n;
        measured := measured || part.figures;
      end if;
      least_n := greatest(min_count, (select u.n from unnest(counts) u (n) where u.n is not null order by 1 desc offset wanted - 1 limit 1));
    end loop;
    exit when threshold <= least_n;
    threshold := greatest(least_n, threshold / 4);
  end loop;

  if threshold <= min_count and not exists (select from unnest(counts, bounds.upper) u (n, upper) where u.n is null and u.upper >= min_count) then
    least_n := min_count;
  elsif min_group > 1 and not (least_n >= min_group and exists (select from unnest(counts) u (n) where u.n >= min_group and u.n < least_n)) then
    -- The smallest cluster that could be shown must be withheld, and it might be one of these.
    return;
  end if;
  select coalesce(array_agg(u.o), '{}'), coalesce(array_agg(u.d), '{}'), coalesce(array_agg(u.h), '{}'), coalesce(array_agg(u.n), '{}'),
         array_agg(k.figures) into o, d, h, n, figures
    from unnest(bounds.o, bounds.d, bounds.h, counts) u (o, d, h, n)
    left join unnest(keys, measured) k (key, figures) on k.key = u.o || u.d || u.h where u.n >= least_n;
end
$$;
comment on function tripgrid_internal.top_clusters is 'The clusters of an area, or everywhere, that have most trips, without counting all of them';

-- select * from tripgrid_internal.top_clusters(row(st_makeenvelope(7.6, 45.0, 7.7, 45.1, 4326), array['u0j2'], array[false], 'origin', null, null, '-infinity', 'infinity', null, null), 100, null);
