-- Trips a week of each region and source, from the rollups.
--
-- Withheld:  weeks of fewer trips than the minimum. If those of a region and source together have fewer trips than the minimum,
--            the smallest other group is withheld too, because the average would reveal them. The same holds for the sources of a
--            region's week.
create or replace view bi.weekly_regions as
select to_char(w.week, 'IYYY"-W"IW') as week, w.week::date as week_start, w.region, w.source, w.trips, w.average_trips_per_week
from (
  select c.*, c.small_week and row_number() over (partition by c.week, c.region, c.is_small order by c.trips, c.source) = 1 as hides_source
  from (
    select b.*, b.small_sum < b.least and row_number() over (partition by b.region, b.source, b.is_small order by b.trips, b.week) = 1 as hides_week,
           sum(b.trips) filter (where b.is_small) over (partition by b.week, b.region) < b.least as small_week
    from (
      select a.*, sum(a.trips) filter (where a.is_small) over (partition by a.region, a.source) as small_sum
      from (
        select h.week, h.region, h.source, h.trips, s.min_trips as least, h.trips < s.min_trips as is_small,
               sum(h.trips) over (partition by h.region, h.source)::float8
                 / (extract(epoch from max(h.week) over () - min(h.week) over ()) / 604800 + 1)::float8 as average_trips_per_week
        from (select date_trunc('week', r.hour) as week, r.region, r.source, sum(r.trips)::bigint as trips
              from tripgrid_internal.hourly_regions r group by 1, 2, 3) h
        cross join tripgrid.settings s) a) b) c) w
where not w.is_small and not coalesce(w.hides_week, false) and not coalesce(w.hides_source, false)
-- So that no condition of the caller's query is evaluated on withheld rows.
offset 0;
comment on view bi.weekly_regions is 'Trips a week of each region and source. Groups of fewer trips than the minimum (bi.freshness.min_trips) are withheld, and as many more as would give them away';
comment on column bi.weekly_regions.week is 'ISO week, such as 2018-W18, in the local time of the origin';
comment on column bi.weekly_regions.week_start is 'Monday of the week';
comment on column bi.weekly_regions.region is 'Name of the region that the trips carry; null for trips without one';
comment on column bi.weekly_regions.source is 'Who reported the trips';
comment on column bi.weekly_regions.trips is 'Trips that began in the week';
comment on column bi.weekly_regions.average_trips_per_week is 'Trips of this region and source over all weeks, divided by the weeks from the first to the last of all trips; weeks without trips count';

-- select week_start, sum(trips) from bi.weekly_regions where region = 'Turin' group by 1 order by 1;
