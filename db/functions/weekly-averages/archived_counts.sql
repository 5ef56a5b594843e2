-- Estimates the trips of an area in each retired week, with bounds that enclose the exact figure. The trips are gone, and only
-- the rollups know these weeks.
--
-- In:     selection, with an area; its window does not end after settings.retired_before
-- Out:    week, its Monday; trips, the estimate; lower and upper. A week without a row had no trip.
-- Errors: none of its own
--
-- Trips of an edge cell count by the share of the cell that lies inside. For a match of two ends the rollups know only how many
-- trips there were at each end. For hours and weekdays they know only how many of the week's trips fell into them. If A of W
-- trips began in the area and H of W at these hours, at least A + H - W did both, and at most the smaller of A and H. The
-- estimate takes the two as independent. Trips tend to stay near, so the estimate for both ends is the smaller count.
create or replace function tripgrid_internal.archived_counts(selection tripgrid.selection)
returns table (week date, trips bigint, lower bigint, upper bigint)
language plpgsql stable set search_path from current set jit = off as $$
declare
  max_edge_cells constant integer := 8192;
  inside text[];
  edge   text[];
  -- For one end alone the counts of the cells suffice.
  by_cells constant boolean := selection.match in ('origin', 'destination') and selection.hours is null and selection.days is null;
  shares double precision[];
begin
  select coalesce(array_agg(c.cell) filter (where c."inner"), '{}'),
         coalesce(array_agg(c.cell) filter (where not c."inner"), '{}')
    into inside, edge
    from tripgrid.area_cover(selection.area, max_edge_cells) c;
  shares := tripgrid_internal.edge_shares(selection.area, inside, edge);
  return query
  with begun as (
    select r.week, r.trips as low, r.trips as high, r.weighted as about
    from tripgrid_internal.rollup_counts('weekly_origins', inside, selection) r where selection.match <> 'destination'
    union all
    select r.week, 0, r.trips, r.weighted
    from tripgrid_internal.rollup_counts('weekly_origins', edge, selection, shares) r where selection.match <> 'destination'
  ), ended as (
    select r.week, r.trips as low, r.trips as high, r.weighted as about
    from tripgrid_internal.rollup_counts('weekly_destinations', inside, selection) r where selection.match <> 'origin'
    union all
    select r.week, 0, r.trips, r.weighted
    from tripgrid_internal.rollup_counts('weekly_destinations', edge, selection, shares) r where selection.match <> 'origin'
  ), whole as (
    select date_trunc('week', h.hour)::date as week, sum(h.trips) as trips,
           coalesce(sum(h.trips) filter (where (selection.hours is null or extract(hour from h.hour)::int = any (selection.hours))
                                           and (selection.days is null or extract(isodow from h.hour)::int = any (selection.days))), 0) as timely
    from tripgrid_internal.hourly_regions h
    where not by_cells and h.hour >= selection.window_start and h.hour < selection.window_end
      and (selection.source is null or h.source = selection.source) and (selection.region is null or h.region = selection.region)
    group by 1
    -- Only the weeks of these rows are used then.
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
           case selection.match when 'origin' then e.o_low when 'destination' then e.d_low
                      when 'both' then greatest(0, e.o_low + e.d_low - e.whole) else greatest(e.o_low, e.d_low) end as low,
           case selection.match when 'origin' then e.o_high when 'destination' then e.d_high
                      when 'both' then least(e.o_high, e.d_high) else least(e.whole, e.o_high + e.d_high) end as high,
           case selection.match when 'origin' then e.o when 'destination' then e.d
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
comment on function tripgrid_internal.archived_counts is 'About how many trips a retired week had in an area, with bounds';

-- select * from tripgrid_internal.archived_counts(tripgrid_internal.selection_of(st_makeenvelope(7.6, 45.0, 7.7, 45.1), 'origin', null, null, null, '2017-12-31', null, null));
