-- About how many trips an area sees in each retired week, with bounds that enclose what the exact figure was: the trips are gone, and
-- only the rollups know these weeks.
--
-- In:     as tripgrid.weekly_counts; asked, as tripgrid.checked_area gives it; opens and closes, local Mondays, the second not
--         included and not after settings.retired_before
-- Out:    week, its Monday; trips, the estimate; lower and upper. A week that is missing had no trip.
-- Errors: none of its own
--
-- Trips of the edge cells count by the share of their cell that lies inside. Of the trips at both ends no more is known than how many
-- there were at the one and at the other, and of hours and weekdays how many of the week's trips fell into them: A of W trips began
-- in the area and H of W at the hour, so at least A + H - W did both, and at most the smaller of A and H; the estimate takes
-- them to be independent. Trips tend to stay near, so of both ends the estimate is the smaller count.
create or replace function tripgrid.retired_counts(
  asked geometry, match text, source text, region text, opens timestamp, closes timestamp, hours integer[], days integer[])
returns table (week date, trips bigint, lower bigint, upper bigint)
language plpgsql stable set search_path from current set jit = off as $$
declare
  most_edge_cells constant integer := 8192;
  inside text[];
  edge   text[];
  -- Of the one end alone the cells tell everything.
  by_cells constant boolean := match in ('origin', 'destination') and hours is null and days is null;
  shares double precision[];
begin
  select coalesce(array_agg(c.cell) filter (where c."inner"), '{}'),
         coalesce(array_agg(c.cell) filter (where not c."inner"), '{}')
    into inside, edge
    from tripgrid.area_cover(asked, most_edge_cells) c;
  shares := tripgrid.edge_shares(asked, inside, edge);
  return query
  with begun as (
    select r.week, r.trips as low, r.trips as high, r.weighted as about
    from tripgrid.rollup_counts('weekly_origins', inside, opens, closes, source, region) r where match <> 'destination'
    union all
    select r.week, 0, r.trips, r.weighted
    from tripgrid.rollup_counts('weekly_origins', edge, opens, closes, source, region, shares) r where match <> 'destination'
  ), ended as (
    select r.week, r.trips as low, r.trips as high, r.weighted as about
    from tripgrid.rollup_counts('weekly_destinations', inside, opens, closes, source, region) r where match <> 'origin'
    union all
    select r.week, 0, r.trips, r.weighted
    from tripgrid.rollup_counts('weekly_destinations', edge, opens, closes, source, region, shares) r where match <> 'origin'
  ), whole as (
    select date_trunc('week', h.hour)::date as week, sum(h.trips) as trips,
           coalesce(sum(h.trips) filter (where (hours is null or extract(hour from h.hour)::int = any (hours))
                                           and (days is null or extract(isodow from h.hour)::int = any (days))), 0) as timely
    from tripgrid.hourly_regions h
    where not by_cells and h.hour >= opens and h.hour < closes and ($3 is null or h.source = $3) and ($4 is null or h.region = $4)
    group by 1
    -- These columns are then not looked at but for their weeks.
    union all
    select distinct b.week, 0, 0 from (select begun.week from begun union all select ended.week from ended) b where by_cells
  ), ends as (
    select w.week, w.trips as whole, w.timely, coalesce(o.low, 0) as o_low, coalesce(o.high, 0) as o_high, coalesce(o.about, 0) as o,
           coalesce(d.low, 0) as d_low, coalesce(d.high, 0) as d_high, coalesce(d.about, 0) as d
    from whole w
    left join (select b.week, sum(b.low) as low, sum(b.high) as high, sum(b.about) as about from begun b group by b.week) o using (week)
    left join (select b.week, sum(b.low) as low, sum(b.high) as high, sum(b.about) as about from ended b group by b.week) d using (week)
  ), placed as (
    select e.week, e.whole, e.timely,
           case match when 'origin' then e.o_low when 'destination' then e.d_low
                      when 'both' then greatest(0, e.o_low + e.d_low - e.whole) else greatest(e.o_low, e.d_low) end as low,
           case match when 'origin' then e.o_high when 'destination' then e.d_high
                      when 'both' then least(e.o_high, e.d_high) else least(e.whole, e.o_high + e.d_high) end as high,
           case match when 'origin' then e.o when 'destination' then e.d
                      when 'both' then least(e.o, e.d) else greatest(e.o, e.d) end as about
    from ends e
  ), timed as (
    select p.week, greatest(0, p.low + p.timely - p.whole)::bigint as low,
           (case when by_cells then p.high else least(p.high, p.timely) end)::bigint as high,
           round(case when by_cells then p.about else p.about * p.timely::float8 / p.whole::float8 end)::bigint as about
    from placed p
  )
  select t.week, least(greatest(t.about, t.low), t.high), t.low, t.high from timed t where t.high > 0;
end
$$;
comment on function tripgrid.retired_counts is 'About how many trips a retired week had in an area, with bounds';

-- select * from tripgrid.retired_counts(st_makeenvelope(7.6, 45.0, 7.7, 45.1, 4326), 'origin', null, null, '-infinity', '2018-01-01', null, null);
