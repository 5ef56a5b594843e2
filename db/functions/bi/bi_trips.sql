-- Single trips. Empty if TRIPGRID_EXPOSE_TRIPS is false, or if groups of fewer trips than TRIPGRID_MIN_GROUP_SIZE are withheld,
-- because a single trip is such a group.
create or replace view bi.trips as
select t.source, t.trip_id, t.region, to_char(t.local_time, 'IYYY"-W"IW') as week, t.local_time, t.started_at, t.ended_at, t.booked_at,
       t.duration_s, t.distance_m, st_y(t.origin) as origin_lat, st_x(t.origin) as origin_lon,
       st_y(t.destination) as destination_lat, st_x(t.destination) as destination_lon,
       t.o_cell as origin_cell, t.d_cell as destination_cell, t.driver_id, t.rider_id, t.vehicle_model, t.origin as geom
from tripgrid.trips t
where (select s.shows_trips and s.min_trips <= 1 from tripgrid.settings s)
  and t.local_time >= (select s.retired_before from tripgrid.settings s);
comment on view bi.trips is 'Single trips; empty where they are not shown (TRIPGRID_EXPOSE_TRIPS) or small groups are withheld (TRIPGRID_MIN_GROUP_SIZE). Narrow it down by local_time: it holds every trip';
comment on column bi.trips.source is 'Who reported the trips';
comment on column bi.trips.trip_id is 'The trip''s id; with its source and time it is unique';
comment on column bi.trips.region is 'Name of the region that the trips carry; null for trips without one';
comment on column bi.trips.week is 'ISO week, such as 2018-W18';
comment on column bi.trips.local_time is 'When it began, by the clocks at its origin';
comment on column bi.trips.started_at is 'When it began, as an instant';
comment on column bi.trips.ended_at is 'When it ended';
comment on column bi.trips.booked_at is 'When it was booked';
comment on column bi.trips.duration_s is 'Its duration, seconds';
comment on column bi.trips.distance_m is 'Its distance as reported, metres';
comment on column bi.trips.origin_lat is 'Latitude of its origin, degrees';
comment on column bi.trips.origin_lon is 'Longitude of its origin, degrees';
comment on column bi.trips.destination_lat is 'Latitude of its destination, degrees; null without one';
comment on column bi.trips.destination_lon is 'Longitude of its destination, degrees; null without one';
comment on column bi.trips.origin_cell is 'Geohash of its origin, seven characters';
comment on column bi.trips.destination_cell is 'Geohash of its destination, seven characters';
comment on column bi.trips.driver_id is 'The driver';
comment on column bi.trips.rider_id is 'The rider';
comment on column bi.trips.vehicle_model is 'The vehicle''s model';
comment on column bi.trips.geom is 'Its origin as a point, SRID 4326';

-- select * from bi.trips where local_time >= '2018-05-21' and local_time < '2018-05-22' limit 100;
