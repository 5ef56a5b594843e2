-- migrate:up
-- A table cannot become partitioned, so a partitioned one takes its place, with the same columns and checks. Partitions of four
-- weeks are made on demand by tripgrid_internal.ensure_partitions. There is no default partition, since it would block ATTACH.
alter table tripgrid.trips rename to trips_columns;
create table tripgrid.trips (like tripgrid.trips_columns including all) partition by range (local_time);
drop table tripgrid.trips_columns;

-- migrate:down
