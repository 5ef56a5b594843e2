-- The routes (origin cell, destination cell) with most trips, over all weeks, regions and sources, from the totals.
--
-- Withheld:  routes of fewer trips than the minimum.
create or replace view bi.top_routes as
select r.rank, r.o_cell as origin_cell, r.d_cell as destination_cell, o.lat as origin_lat, o.lon as origin_lon,
       d.lat as destination_lat, d.lon as destination_lon, r.trips,
       r.trips / (select (t.window_end - t.window_start) / 7 from tripgrid_internal.totals_state t)::float8 as trips_per_week,
       r.distance_m / r.trips as average_distance_m,
       -- The quotient of the smallest numbers would underflow, which is an error.
       case when r.durations >= (select s.min_trips from tripgrid.settings s)
            then case when r.duration_s < 1e-290 then 0 else r.duration_s / nullif(r.durations, 0) end end as average_duration_s,
       st_makeline(o.middle, d.middle)::geometry(LineString, 4326) as geom
from tripgrid_internal.route_totals r
join tripgrid_internal.cells o on o.cell = r.o_cell
join tripgrid_internal.cells d on d.cell = r.d_cell
where r.trips >= (select s.min_trips from tripgrid.settings s)
-- So that no condition of the caller's query is evaluated on withheld rows.
offset 0;
comment on view bi.top_routes is 'The 10,000 routes with most trips, over all weeks, regions and sources. Groups of fewer trips than the minimum (bi.freshness.min_trips) are withheld';
comment on column bi.top_routes.rank is '1 for the route with most trips';
comment on column bi.top_routes.origin_cell is 'Geohash of five characters in which the trips began, about 4.9 km wide';
comment on column bi.top_routes.destination_cell is 'Geohash of five characters in which the trips ended';
comment on column bi.top_routes.origin_lat is 'Latitude of the middle of the origin cell, degrees';
comment on column bi.top_routes.origin_lon is 'Longitude of the middle of the origin cell, degrees';
comment on column bi.top_routes.destination_lat is 'Latitude of the middle of the destination cell, degrees';
comment on column bi.top_routes.destination_lon is 'Longitude of the middle of the destination cell, degrees';
comment on column bi.top_routes.trips is 'Trips over all weeks, regions and sources';
comment on column bi.top_routes.trips_per_week is 'Trips divided by the weeks from the first to the last of all trips; weeks without trips count';
comment on column bi.top_routes.average_distance_m is 'Average great-circle distance from origin to destination, metres';
comment on column bi.top_routes.average_duration_s is 'Average duration of the trips that have one, seconds';
comment on column bi.top_routes.geom is 'A line from the middle of the origin cell to that of the destination cell, SRID 4326';

-- select rank, origin_cell, destination_cell, trips_per_week from bi.top_routes order by rank limit 10;
