-- migrate:up
-- The index on clusters has each trip's distance too, 8 bytes: the figures of a cluster need its mean and median. Said so that it is
-- computed where a trip is read, and found in the index there: LEFT JOIN moves what gives null for null beyond the join.
drop index tripgrid.trips_cluster;
create index trips_cluster on tripgrid.trips ((left(o_cell, 5) || left(d_cell, 5) || date_part('hour', local_time)::integer::text), local_time,
                                              (coalesce(st_distancesphere(origin, destination), 'NaN')))
  include (o_cell, d_cell, origin, destination, duration_s) where d_cell is not null;

-- migrate:down
drop index tripgrid.trips_cluster;
create index trips_cluster on tripgrid.trips ((left(o_cell, 5) || left(d_cell, 5) || date_part('hour', local_time)::integer::text), local_time)
  include (o_cell, d_cell, origin, destination, duration_s) where d_cell is not null;
