-- migrate:up
-- Chunks span four weeks. With chunks of one week, ten years of trips exhausted the lock table at a dozen concurrent queries.
-- There are no default indexes: the next migration makes the ones that questions use.
select create_hypertable('tripgrid.trips', by_range('local_time', interval '28 days'), create_default_indexes => false);

-- migrate:down
