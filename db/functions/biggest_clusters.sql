-- The clusters of an area that have most trips, without counting all of them: one row.
--
-- In:     asked, cells, inside, match (origin or both), source, region, opens, closes, hours, days, as tripgrid.cluster_groups; cells of
--         five characters
--         wanted, how many clusters; at_least, smaller ones do not matter; null: 1
-- Out:    trips, all of the area that match; first and last, Mondays of the first and last of them
--         o, d, h, n, groups, among which are the wanted ones with most trips, and all others of as many trips as the last of these
--         figures, of some of them, as tripgrid.cluster_figures gives them; else null
--         least_n, every group of so many trips and more is among these
--         No groups but null if this way is no shorter, or cannot tell what is to be withheld
-- Errors: none of its own
--
-- The threshold algorithm (Fagin, Lotem and Naor, Optimal aggregation algorithms for middleware, 2003): the rollup tells how many trips a
-- cluster has at most, those that may have most are counted from their trips, and whatever can have fewer than the last one wanted stays
-- uncounted. The rollup's count is the cluster's where its cell lies in the area and it knows all filters. Where little of a cell lies in the
-- area the rollup says next to nothing, and all clusters of that little are counted first.
create or replace function tripgrid.biggest_clusters(
  asked geometry, cells text[], inside boolean[], match text, source text, region text, opens timestamp, closes timestamp,
  hours integer[], days integer[], wanted integer, at_least integer,
  out trips bigint, out first date, out last date, out o text[], out d text[], out h integer[], out n bigint[], out figures jsonb[], out least_n bigint)
language plpgsql stable set search_path from current set jit = off as $$
#variable_conflict use_variable
declare
  fewest   constant integer := (select s.min_trips from tripgrid.settings s);
  smallest constant bigint := case when fewest > 1 then 1 else coalesce(at_least, 1) end;
  -- The index on a cell has neither source nor region.
  is_whole constant boolean := source is null and region is null;
  weeks    timestamp[];
  behind   timestamp[];
  -- Those of `trips` in weeks that the rollup is not behind with, and one of these.
  settled  double precision;
  sample   timestamp;
  -- Below this share of a cell its trips in the area are sooner gone through than those of the clusters that might be big, a third of the cell's.
  little   constant double precision := 0.2;
  five     record;
  ends     text[];
  slivers  record;
  more     record;
  bounds   record;
  counts   bigint[];
  chosen   integer[];
  -- What was counted from trips so far, by cells and hour.
  part     record;
  keys     text[] := '{}';
  known    bigint[] := '{}';
  measured jsonb[] := '{}';
  -- Clusters that can only have fewer trips are not looked at.
  many     bigint;
  most     integer;
  at_most  bigint;
begin
  select sum(w.trips)::bigint, min(w.week), max(w.week), array_agg(distinct w.week),
         sum(w.trips) filter (where not exists (select from tripgrid.pending_weeks p where p.week = w.week))
    into trips, first, last, weeks, settled
    from tripgrid.live_counts(asked, match, source, region, opens, closes, hours, days, cells, inside) w where w.trips > 0;
  trips := coalesce(trips, 0);
  -- With a filter they can be few among many, all of which would be read.
  if is_whole and match = 'origin' and hours is null and days is null and tripgrid.are_few(trips) then
    return;
  end if;
  behind := array(select distinct p.week from tripgrid.pending_weeks p where p.week = any (weeks));
  weeks := array(select w from unnest(weeks) w where w <> all (behind));
  sample := weeks[(cardinality(weeks) + 1) / 2];
  -- A cluster has no more rows than its origin cell, and one group of the trips that the rollup is behind with. The share of each cell's
  -- trips that lie in the area is guessed from a week's in its cells of six characters, of those at the edge by their surface, 32 cells making
  -- one of a character less; and so that together they are as many as the area has.
  with six as (
    select left(u.cell, 6) as cell, sum(case when u."inner" then 1 else 0.5 end * 32.0 ^ least(0, 6 - length(u.cell)))::float8 as surface
    from unnest(cells, inside) u (cell, "inner") where length(u.cell) > 5 group by 1
  ), sampled as (
    select left(x.cell, 5) as cell, sum(x.surface * r.trips) as n
    from six x
    join tripgrid.live_weekly_origins_6 r on r.cell = x.cell collate "C" and r.week = sample
      and (source is null or r.source = source) and (region is null or r.region = region)
    group by 1
  ), cell as materialized (
    select r.cell, bool_or(c.is_inside) as is_inside, bool_and(c.is_fine) as is_fine, sum(r.trips)::float8 as n, count(*) as rows,
           case when bool_or(c.is_inside) then 1
                else coalesce(max(x.n) / nullif(sum(r.trips) filter (where r.week = sample), 0), max(c.surface)) end as share
    from (select left(u.cell, 5) as cell, bool_and(u."inner" and length(u.cell) <= 5) as is_inside, bool_and(length(u.cell) > 5) as is_fine,
                 sum(case when u."inner" then 1 else 0.5 end * 32.0 ^ least(0, 5 - length(u.cell)))::float8 as surface
          from unnest(cells, inside) u (cell, "inner") group by 1) c
    cross join lateral (
      select r.cell, r.trips, r.week from tripgrid.live_weekly_origins_5 r
      where r.cell >= c.cell collate "C" and r.cell < c.cell || '{' collate "C" and r.week = any (weeks)
        and (source is null or r.source = source) and (region is null or r.region = region) offset 0) r
    left join sampled x on x.cell = r.cell
    group by r.cell)
  select array_agg(g.cell) filter (where not g.is_sliver) as cells, array_agg(g.is_inside) filter (where not g.is_sliver) as inside,
         array_agg(g.share) filter (where not g.is_sliver) as shares,
         greatest(1, coalesce(max(g.rows) filter (where not g.is_sliver), 0) + (behind <> '{}')::int) as most_rows,
         coalesce(array_agg(g.cell) filter (where g.is_sliver), '{}') as slivers
    into five
    from (select g.*, match = 'origin' and is_whole and g.is_fine and g.share < little as is_sliver
          from (select g.cell, g.is_inside, g.is_fine, g.rows, case when g.is_inside then 1 else least(1, g.share * t.times) end as share
                from cell g,
                     (select case when match = 'origin' and hours is null and days is null
                                  then greatest(0, settled - coalesce(sum(c.n) filter (where c.is_inside), 0))
                                       / nullif(sum(c.n * c.share) filter (where not c.is_inside), 0)
                                  else 1 end as times from cell c) t) g) g;
  ends := array(select distinct left(u, 5) from unnest(cells) u);
  most := least(trips / greatest(cardinality(weeks), 1), 1000000000);
  if cardinality(five.cells) > most then
    -- A large area with few trips.
    return;
  end if;
  select array_agg(m.o) as o, array_agg(m.d) as d, array_agg(m.h) as h, array_agg(m.n) as n into more
    from (select g.o, g.d, g.h, sum(g.n)::bigint as n
          from unnest((select range_agg(tsrange(b, b + interval '7 days')) from unnest(behind) b)) run
          cross join (select array_agg(u.cell) as cells, array_agg(u."inner") as inside from unnest(cells, inside) u (cell, "inner")
                      where left(u.cell, 5) <> all (five.slivers)) c
          cross join lateral tripgrid.cluster_groups(asked, c.cells, c.inside, match, source, region, lower(run), upper(run), hours, days, 5, 'trips') g
          where c.cells is not null and g.d is not null group by 1, 2, 3) m;
  select array_agg(m.o) as o, array_agg(m.d) as d, array_agg(m.h) as h, array_agg(m.n) as n into slivers
    from (select g.o, g.d, g.h, sum(g.n)::bigint as n
          from (select array_agg(u.cell) as cells, array_agg(u."inner") as inside from unnest(cells, inside) u (cell, "inner")
                where left(u.cell, 5) = any (five.slivers)) c
          cross join lateral tripgrid.cluster_groups(asked, c.cells, c.inside, match, source, region, opens, closes, hours, days, 5, 'trips') g
          where c.cells is not null and g.d is not null group by 1, 2, 3) m;
  -- What one of the weeks lets expect.
  select g.n into many
    from (select h.trips * c.share * cardinality(weeks) * 0.8 as n
          from unnest(five.cells, five.shares) c (cell, share)
          cross join lateral (
            select r.trips from tripgrid.live_weekly_clusters r
            where r.o_cell = c.cell collate "C" and r.week = sample
              and (source is null or r.source = source) and (region is null or r.region = region) and (hours is null or r.hour = any (hours))
            order by r.trips desc limit wanted) h
          union all
          select s from unnest(slivers.n) s) g
    order by g.n desc offset wanted - 1 limit 1;
  many := greatest(smallest, many);

  loop
    select array_agg(b.o) as o, array_agg(b.d) as d, array_agg(b.h) as h, array_agg(b.upper) as upper,
           array_agg(case when b.is_exact then b.upper else b.n end) as n, array_agg(b.n is not null) as is_counted,
           count(*) filter (where not b.is_sliver) as bounded
      into bounds
      from (select b.*, k.n
            from (select b.o, b.d, b.h, b.upper, false as is_sliver, b.is_inside and match = 'origin' and days is null as is_exact,
                         -- Cells that the rollup knows nothing of are in the further trips alone.
                         b.upper * coalesce(c.share, 1) as likely
                  from tripgrid.cluster_bounds(five.cells, five.inside, ends, match, source, region, hours, weeks, more.o, more.d, more.h, more.n,
                                               five.most_rows, many, most + 1) b
                  left join unnest(five.cells, five.shares) c (cell, share) on c.cell = b.o
                  union all
                  select s.o, s.d, s.h, s.n, true, true, s.n from unnest(slivers.o, slivers.d, slivers.h, slivers.n) s (o, d, h, n) where s.n >= many) b
            left join unnest(keys, known) k (key, n) on k.key = b.o || b.d || b.h
            order by b.likely desc) b;
    if bounds.bounded > most then
      return;
    end if;
    counts := coalesce(bounds.n, '{}');
    least_n := null;
    for round in 1..2 loop
      -- Most of the first ones will be wanted, so their figures are made with their counts.
      chosen := array(
        select u.i from unnest(counts, bounds.upper, bounds.is_counted) with ordinality u (n, upper, is_counted, i)
        where case when least_n is null then u.i <= wanted and not u.is_counted else u.n is null and u.upper >= least_n end);
      at_most := (select sum(bounds.upper[i]) from unnest(chosen) i);
      if (select sum(bounds.upper[i]) from unnest(chosen) i where counts[i] is null) > 2 * trips then
        -- Counting all trips of the area is no more work: by the index on clusters each takes 0.3 µs.
        return;
      end if;
      if chosen <> '{}' then
        if least_n is null then
          select array_agg(f.trips order by f.cluster) as n, array_agg(f.figures order by f.cluster) as figures into part
            from tripgrid.cluster_figures(asked, cells, inside, match, source, region, opens, closes, hours, days, 5, chosen,
                                          array(select bounds.o[i] from unnest(chosen) i), array(select bounds.d[i] from unnest(chosen) i),
                                          array(select bounds.h[i] from unnest(chosen) i), tripgrid.parts_of(at_most)) f;
        else
          select array_agg(c.trips order by c.i) as n, array_fill(null::jsonb, array[cardinality(chosen)]) as figures into part
            from tripgrid.cluster_counts(asked, cells, inside, match, source, region, opens, closes, days,
                                         array(select bounds.o[i] || bounds.d[i] || bounds.h[i] from unnest(chosen) i), tripgrid.parts_of(at_most)) c;
        end if;
        counts := array(select coalesce(c.n, u.n) from unnest(counts) with ordinality u (n, i) left join unnest(chosen, part.n) c (i, n) using (i)
                        order by u.i);
        keys := keys || array(select bounds.o[i] || bounds.d[i] || bounds.h[i] from unnest(chosen) i);
        known := known || part.n;
        measured := measured || part.figures;
      end if;
      least_n := greatest(smallest, (select u.n from unnest(counts) u (n) where u.n is not null order by 1 desc offset wanted - 1 limit 1));
    end loop;
    exit when many <= least_n;
    many := greatest(least_n, many / 4);
  end loop;

  if many <= smallest and not exists (select from unnest(counts, bounds.upper) u (n, upper) where u.n is null and u.upper >= smallest) then
    least_n := smallest;
  elsif fewest > 1 and not (least_n >= fewest and exists (select from unnest(counts) u (n) where u.n >= fewest and u.n < least_n)) then
    -- The smallest one that could be shown is to be withheld, and that might be one of these.
    return;
  end if;
  select coalesce(array_agg(u.o), '{}'), coalesce(array_agg(u.d), '{}'), coalesce(array_agg(u.h), '{}'), coalesce(array_agg(u.n), '{}'),
         array_agg(k.figures) into o, d, h, n, figures
    from unnest(bounds.o, bounds.d, bounds.h, counts) u (o, d, h, n)
    left join unnest(keys, measured) k (key, figures) on k.key = u.o || u.d || u.h where u.n >= least_n;
end
$$;
comment on function tripgrid.biggest_clusters is 'The clusters of an area that have most trips, without counting all of them';

-- select * from tripgrid.biggest_clusters(st_makeenvelope(7.6, 45.0, 7.7, 45.1, 4326), array['u0j2'], array[false], 'origin', null, null, '-infinity', 'infinity', null, null, 100, null);
