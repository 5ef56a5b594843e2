-- migrate:up
-- Old chunks may be kept in the columnstore, a sixth of the size: see tripgrid.compress_old_trips. Trips stand there in the order of
-- the cell of their origin, and those of one cell tend to end near each other too, so that a question about an area unpacks the trips
-- around it and not the others. A late trip is looked for in what is packed of its source, by one bloom filter, and a
-- trip whose time is not given by the other.
alter table tripgrid.trips set (
  timescaledb.enable_columnstore,
  timescaledb.segmentby = 'source',
  timescaledb.orderby = 'o_cell, local_time',
  timescaledb.sparse_index = 'minmax(d_cell), bloom(trip_id), bloom(trip_id, local_time)');

-- migrate:down
select decompress_chunk(c, if_compressed => true) from show_chunks('tripgrid.trips') c;
alter table tripgrid.trips set (timescaledb.enable_columnstore = false);
