-- migrate:up
-- The identity. trip_id stands in it so that the table can be distributed by it, and local_time because a hypertable's unique
-- index must hold its time column.
alter table tripgrid.trips add constraint trips_pkey primary key (source, trip_id, local_time);

-- Area questions: the cells of an area are ranges of o_cell or d_cell. The point in the index lets the exact test run without
-- the heap. The cell of the other end lets a match of both ends stay in the indexes, but for trips that have both ends on
-- the area's edge: 1.7 million trips of a city took 7 s from the table. It costs 8 bytes a trip and index.
create index trips_o_cell on tripgrid.trips (o_cell, local_time) include (origin, d_cell);
create index trips_d_cell on tripgrid.trips (d_cell, local_time) include (destination, o_cell) where d_cell is not null;

-- Lists, newest first, and the first and last week of all trips.
create index trips_local_time on tripgrid.trips (local_time);

-- The figures of clusters: trips in the order of their clusters, with all that a figure is computed from, so that the trips of a
-- hundred clusters are read by themselves and not among all trips of their cells. The planner skips the table only if the
-- columns of the key's expression stand in the index too. The distance stands in a coalesce so that it is computed where a
-- trip is read, and found in the index there: LEFT JOIN moves an expression that gives null for null beyond the join. The index costs
-- 115 bytes a trip where four of five trips have a destination.
create index trips_cluster on tripgrid.trips ((left(o_cell, 5) || left(d_cell, 5) || date_part('hour', local_time)::integer::text), local_time,
                                              (coalesce(st_distancesphere(origin, destination), 'NaN')))
  include (o_cell, d_cell, origin, destination, duration_s) where d_cell is not null;

-- migrate:down
