-- migrate:up
-- Chunks of four weeks, for with one week each ten years of them exhausted the lock table at a dozen concurrent queries.
-- No default indexes: the next migration makes the ones that questions use.
select create_hypertable('tripgrid.trips', by_range('local_time', interval '28 days'), create_default_indexes => false);

-- migrate:down
create table tripgrid.trips_plain (like tripgrid.trips including all);
drop table tripgrid.trips;
alter table tripgrid.trips_plain rename to trips;
