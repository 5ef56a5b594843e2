-- Drivers by region and source, over all weeks, from the totals. Trips without a driver are left out.
--
-- Withheld:  groups of fewer trips than the minimum. If those of a region and source together have fewer trips than the minimum,
--            the smallest other group is withheld too, because bi.weekly_regions would reveal them.
create or replace view bi.drivers as
select k.driver_id, k.region, k.source, k.trips,
       k.trips / (select (t.window_end - t.window_start) / 7 from tripgrid_internal.totals_state t)::float8 as trips_per_week, k.weeks_with_trips,
       -- An average over few trips would reveal them. The quotient of the smallest numbers would underflow, which is an error.
       case when k.durations >= (select s.min_trips from tripgrid.settings s)
            then case when k.duration_s < 1e-290 then 0 else k.duration_s / nullif(k.durations, 0) end end as average_duration_s,
       case when k.distances >= (select s.min_trips from tripgrid.settings s)
            then case when k.distance_m < 1e-290 then 0 else k.distance_m / nullif(k.distances, 0) end end as average_distance_m,
       to_char(k.first_week, 'IYYY"-W"IW') as first_week, to_char(k.last_week, 'IYYY"-W"IW') as last_week,
       k.first_week as first_week_start, k.last_week as last_week_start
from (
  select k.driver_id, k.region, k.source, k.trips, k.weeks_with_trips, k.durations, k.duration_s, k.distances, k.distance_m, k.first_week, k.last_week from tripgrid_internal.driver_totals k where (select s.min_trips from tripgrid.settings s) <= 1
  union all
  -- Behind offset 0, so that no condition of the caller's query is evaluated on withheld rows.
  select k.driver_id, k.region, k.source, k.trips, k.weeks_with_trips, k.durations, k.duration_s, k.distances, k.distance_m, k.first_week, k.last_week from (
    select k.*
    from (select t.*, s.min_trips, sum(t.trips) filter (where t.trips < s.min_trips) over p as small_sum,
                 count(*) filter (where t.trips < s.min_trips) over p as small_groups,
                 row_number() over (partition by t.region, t.source order by t.trips, t.driver_id) as size_rank
          from tripgrid_internal.driver_totals t, tripgrid.settings s window p as (partition by t.region, t.source)) k
    where (k.trips < k.min_trips or (k.small_sum < k.min_trips and k.size_rank = k.small_groups + 1)) is not true
    offset 0) k
  where (select s.min_trips from tripgrid.settings s) > 1
) k;
comment on view bi.drivers is 'Drivers by region and source, over all weeks. Groups of fewer trips than the minimum (bi.freshness.min_trips) are withheld, and as many more as would give them away';
comment on column bi.drivers.driver_id is 'The driver, as the source names them';
comment on column bi.drivers.region is 'Name of the region that the trips carry; null for trips without one';
comment on column bi.drivers.source is 'Who reported the trips';
comment on column bi.drivers.trips is 'Trips over all weeks';
comment on column bi.drivers.trips_per_week is 'Trips divided by the weeks from the first to the last of all trips; weeks without trips count';
comment on column bi.drivers.weeks_with_trips is 'Weeks in which the driver had a trip';
comment on column bi.drivers.average_duration_s is 'Average duration of the trips that have one, seconds';
comment on column bi.drivers.average_distance_m is 'Average great-circle distance of the trips that have a destination, metres';
comment on column bi.drivers.first_week is 'ISO week of the driver''s first trip, such as 2018-W18';
comment on column bi.drivers.last_week is 'ISO week of the driver''s last trip';
comment on column bi.drivers.first_week_start is 'Monday of the first week';
comment on column bi.drivers.last_week_start is 'Monday of the last week';

-- select driver_id, trips, trips_per_week from bi.drivers order by trips desc limit 10;
