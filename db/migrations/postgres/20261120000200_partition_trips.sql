-- migrate:up
-- The columns and constraints come from the common migration, so that they are the same on every engine. Partitions of
-- four weeks are made on demand by tripgrid.ensure_partitions; there is no default partition, since it would block ATTACH.
alter table tripgrid.trips rename to trips_columns;
create table tripgrid.trips (like tripgrid.trips_columns including all) partition by range (local_time);
drop table tripgrid.trips_columns;

-- migrate:down
alter table tripgrid.trips rename to trips_partitioned;
create table tripgrid.trips (like tripgrid.trips_partitioned including all);
drop table tripgrid.trips_partitioned;
