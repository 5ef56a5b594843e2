-- Groups the trips of an area into clusters, trips with the same origin cell, destination cell and hour of day: one row for each
-- cluster.
--
-- In:     as tripgrid.cluster_answer, without only_id
-- Out:    the fields of its clusters as columns; origin and destination are points, SRID 4326, the means of the trips' points
-- Errors: TG001 for the area, TG002 for the other parameters
create or replace function tripgrid.clusters(
  area geometry default null, match text default 'origin', source text default null, region text default null,
  from_date date default null, to_date date default null, hours integer[] default null, days integer[] default null,
  cell_precision integer default null, cluster_by text default 'cells', min_trips integer default null, order_by text default 'trips',
  max_clusters integer default 100)
returns table (id text, origin_cell text, destination_cell text, hour integer, origin geometry, destination geometry, trips bigint,
               trips_per_week double precision, share double precision, mean_duration_s double precision, median_duration_s double precision,
               mean_distance_m double precision, median_distance_m double precision, origin_cells text[], destination_cells text[])
language sql stable security definer set search_path from current as $$
  select c ->> 'id', c ->> 'origin_cell', c ->> 'destination_cell', (c ->> 'hour')::int,
         st_point((c -> 'origin' ->> 0)::float8, (c -> 'origin' ->> 1)::float8, 4326),
         st_point((c -> 'destination' ->> 0)::float8, (c -> 'destination' ->> 1)::float8, 4326), (c ->> 'trips')::bigint,
         (c ->> 'trips_per_week')::float8, (c ->> 'share')::float8, (c ->> 'mean_duration_s')::float8, (c ->> 'median_duration_s')::float8,
         (c ->> 'mean_distance_m')::float8, (c ->> 'median_distance_m')::float8,
         case when c ? 'origin_cells' then array(select jsonb_array_elements_text(c -> 'origin_cells')) else array[c ->> 'origin_cell'] end,
         case when c ? 'destination_cells' then array(select jsonb_array_elements_text(c -> 'destination_cells')) else array[c ->> 'destination_cell'] end
  from tripgrid.cluster_answer($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) a, jsonb_array_elements(a.clusters) c;
$$;
comment on function tripgrid.clusters is 'The trips of an area grouped by origin cell, destination cell and hour';

-- select * from tripgrid.clusters(area => st_makeenvelope(7.6, 45.0, 7.7, 45.1), hours => array[7, 8, 9]);
-- select * from tripgrid.clusters(area => st_makeenvelope(7.6, 45.0, 7.7, 45.1), cluster_by => 'hotspots');
