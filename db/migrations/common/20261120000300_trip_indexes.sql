-- migrate:up
-- The identity. trip_id stands in it so that the table can be distributed by it, local_time because a hypertable's unique
-- index must hold its time column.
alter table tripgrid.trips add constraint trips_pkey primary key (source, trip_id, local_time);

-- Area questions: the cells of an area are ranges of o_cell or d_cell, and the point in the index lets the exact test run
-- without the heap.
create index trips_o_cell on tripgrid.trips (o_cell, local_time) include (origin);
create index trips_d_cell on tripgrid.trips (d_cell, local_time) include (destination) where d_cell is not null;

-- Lists, newest first, and the first and last week of everything.
create index trips_local_time on tripgrid.trips (local_time);

-- migrate:down
drop index tripgrid.trips_local_time;
drop index tripgrid.trips_d_cell;
drop index tripgrid.trips_o_cell;
alter table tripgrid.trips drop constraint trips_pkey;
