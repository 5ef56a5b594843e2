-- Trips of each region and source by weekday and hour, over all weeks.
--
-- Withheld:  hours of fewer trips than the minimum. If those of a region and source together have fewer trips than the minimum,
--            the smallest other group is withheld too, because bi.weekly_regions would reveal them.
create or replace view bi.hourly_profile as
select c.region, c.source, c.weekday,
       (array['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'])[c.weekday] as weekday_name,
       c.hour, c.trips, c.trips / c.weeks as average_trips
from (
  select b.*, b.small_sum < b.least and row_number() over (partition by b.region, b.source, b.is_small order by b.trips, b.weekday, b.hour) = 1 as hides
  from (
    select a.*, sum(a.trips) filter (where a.is_small) over (partition by a.region, a.source) as small_sum
    from (
      select h.region, h.source, h.weekday, h.hour, h.trips, s.min_trips as least, h.trips < s.min_trips as is_small,
             (extract(epoch from max(h.last) over () - min(h.first) over ()) / 604800 + 1)::float8 as weeks
      from (select r.region, r.source, extract(isodow from r.hour)::integer as weekday, extract(hour from r.hour)::integer as hour,
                   sum(r.trips)::bigint as trips, date_trunc('week', min(r.hour)) as first, date_trunc('week', max(r.hour)) as last
            from tripgrid_internal.hourly_regions r group by 1, 2, 3, 4) h
      cross join tripgrid.settings s) a) b) c
where not c.is_small and not coalesce(c.hides, false)
-- So that no condition of the caller's query is evaluated on withheld rows.
offset 0;
comment on view bi.hourly_profile is 'Trips of each region and source by weekday and hour, over all weeks. Groups of fewer trips than the minimum (bi.freshness.min_trips) are withheld, and as many more as would give them away';
comment on column bi.hourly_profile.region is 'Name of the region that the trips carry; null for trips without one';
comment on column bi.hourly_profile.source is 'Who reported the trips';
comment on column bi.hourly_profile.weekday is '1 Monday to 7 Sunday, in the local time of the origin';
comment on column bi.hourly_profile.weekday_name is 'Monday to Sunday';
comment on column bi.hourly_profile.hour is 'Hour of the day, 0 to 23, local';
comment on column bi.hourly_profile.trips is 'Trips that began in this hour of this weekday, over all weeks';
comment on column bi.hourly_profile.average_trips is 'Trips in such an hour of a week, on average over all weeks from the first to the last of all trips';

-- select weekday_name, hour, average_trips from bi.hourly_profile where region = 'Turin' order by weekday, hour;
