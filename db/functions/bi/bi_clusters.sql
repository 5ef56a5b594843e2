-- Clusters: trips with the same origin cell, destination cell and hour of day, over all weeks, from the totals.
--
-- Withheld:  groups of fewer trips than the minimum. If those of a route (origin and destination cell) together have fewer trips
--            than the minimum, the smallest other group is withheld too, because bi.top_routes would reveal them. The totals do
--            not hold withheld groups.
create or replace view bi.clusters as
select k.o_cell || '-' || k.d_cell || '-' || lpad(k.hour::text, 2, '0') as cluster_id, k.o_cell as origin_cell, k.d_cell as destination_cell,
       o.lat as origin_lat, o.lon as origin_lon,
       d.lat as destination_lat, d.lon as destination_lon,
       k.hour::integer as hour, k.region, k.source, k.trips,
       k.trips / (select (t.window_end - t.window_start) / 7 from tripgrid_internal.totals_state t)::float8 as trips_per_week,
       k.average_duration_s, k.average_distance_m
from (
  -- Empty until the totals are computed again, if they were computed with a lower minimum. The condition stands in here so that
  -- the planner can skip the places of cells that a query does not read.
  select c.* from tripgrid_internal.cluster_totals c
  where (select s.min_trips from tripgrid.settings s) <= (select t.min_trips from tripgrid_internal.totals_state t)) k
left join tripgrid_internal.cells o on o.cell = k.o_cell
left join tripgrid_internal.cells d on d.cell = k.d_cell;
comment on view bi.clusters is 'Clusters: trips with the same origin cell, destination cell and hour of day, by region and source, over all weeks. Groups of fewer trips than the minimum (bi.freshness.min_trips) are withheld, and as many more as would give them away';
comment on column bi.clusters.cluster_id is 'Origin cell, destination cell and hour, such as u0j2q-u0j2r-08; the same for all regions and sources';
comment on column bi.clusters.origin_cell is 'Geohash of five characters in which the trips began, about 4.9 km wide';
comment on column bi.clusters.destination_cell is 'Geohash of five characters in which the trips ended';
comment on column bi.clusters.origin_lat is 'Latitude of the middle of the origin cell, degrees';
comment on column bi.clusters.origin_lon is 'Longitude of the middle of the origin cell, degrees';
comment on column bi.clusters.destination_lat is 'Latitude of the middle of the destination cell, degrees';
comment on column bi.clusters.destination_lon is 'Longitude of the middle of the destination cell, degrees';
comment on column bi.clusters.hour is 'Hour of the day at which the trips began, 0 to 23, local';
comment on column bi.clusters.region is 'Name of the region that the trips carry; null for trips without one';
comment on column bi.clusters.source is 'Who reported the trips';
comment on column bi.clusters.trips is 'Trips over all weeks';
comment on column bi.clusters.trips_per_week is 'Trips divided by the weeks from the first to the last of all trips; weeks without trips count';
comment on column bi.clusters.average_duration_s is 'Average duration of the trips that have one, whole seconds';
comment on column bi.clusters.average_distance_m is 'Average great-circle distance from origin to destination, metres, rounded to 10';

-- select cluster_id, trips_per_week from bi.clusters where region = 'Turin' order by trips desc limit 10;
