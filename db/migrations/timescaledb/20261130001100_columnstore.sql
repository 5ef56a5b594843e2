-- migrate:up
-- Old chunks may be kept in the columnstore, where they take a sixth of the space: see tripgrid_internal.compress_old_trips. Trips stand there in the
-- order of their origin's cell, and the destinations of trips from one cell tend to be near each other too. So a question about an area unpacks
-- the trips around it and not the others. The first bloom filter finds a trip by its id alone, the second one finds the
-- duplicate of a late trip.
alter table tripgrid.trips set (
  timescaledb.enable_columnstore,
  timescaledb.segmentby = 'source',
  timescaledb.orderby = 'o_cell, local_time',
  timescaledb.sparse_index = 'minmax(d_cell), bloom(trip_id), bloom(trip_id, local_time)');

-- migrate:down
