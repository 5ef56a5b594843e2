-- migrate:up
-- Trips in the order of their clusters: the trips of a hundred clusters are then read by themselves, and not among all trips of their
-- cells. The planner reads no table only if the columns of the key's expression stand in the index too. It costs 107 bytes a trip where
-- four of five have a destination; the index on the origin's cell no longer holds what figures are made from, 40 bytes, so ordering by distance or
-- duration reads the table.
create index trips_cluster on tripgrid.trips ((left(o_cell, 5) || left(d_cell, 5) || date_part('hour', local_time)::integer::text), local_time)
  include (o_cell, d_cell, origin, destination, duration_s) where d_cell is not null;
drop index tripgrid.trips_o_cell;
create index trips_o_cell on tripgrid.trips (o_cell, local_time) include (origin, d_cell);

drop function if exists tripgrid.ranked_clusters(bigint, text[], text[], integer[], bigint[], double precision[], bigint[], boolean, text[], text[],
                                                 text[], text[], integer, text, integer, text);
drop function if exists tripgrid.cluster_figures(geometry, text[], boolean[], text, text, text, timestamp, timestamp, integer[], integer[], integer,
                                                 integer[], text[], text[], integer[]);

-- migrate:down
drop index tripgrid.trips_o_cell;
create index trips_o_cell on tripgrid.trips (o_cell, local_time) include (origin, d_cell, destination, duration_s);
drop index tripgrid.trips_cluster;
