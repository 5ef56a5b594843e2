-- migrate:up
-- Chunks span four weeks, as those of trips do. Old ones may be kept in the columnstore.
select create_hypertable('tripgrid.detections', by_range('seen_at', interval '28 days'), create_default_indexes => false);
alter table tripgrid.detections set (
  timescaledb.enable_columnstore,
  timescaledb.segmentby = 'make',
  timescaledb.orderby = 'seen_at',
  timescaledb.sparse_index = 'bloom(id)');

-- migrate:down
