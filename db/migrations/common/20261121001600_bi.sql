-- migrate:up
-- The schema that BI tools see; its views are in db/functions. What is here makes them fast when a tool reads all of a column to show a
-- thousand of its values: see docs/bi.md.
create schema bi;
comment on schema bi is 'What BI tools read: trips counted by region, cell, cluster, route, hour and driver. See bi.freshness for as of when';

-- Where cells are: decoding them for millions of rows takes longer than looking them up among thousands. Filled with the totals; a cell
-- that is not here yet is decoded.
create table tripgrid.cells (
  cell   text collate "C" primary key,
  lat    double precision not null,
  lon    double precision not null,
  middle geometry(Point, 4326) not null
);
comment on table tripgrid.cells is 'The middle of every cell of five characters that had a trip';

-- The totals of clusters say of each how many trips the smaller ones of its route have together: whether it must be withheld can then be seen
-- from its own row, whatever the minimum. See bi.clusters.
drop materialized view tripgrid.cluster_totals;
create materialized view tripgrid.cluster_totals as
select o_cell, d_cell, hour, source, region, sum(trips)::bigint as trips, count(distinct week)::integer as weeks_with_trips,
       sum(durations)::bigint as durations, sum(duration_s) as duration_s, sum(distance_m) as distance_m,
       (sum(sum(trips)) over (partition by o_cell, d_cell order by sum(trips), hour, source, region
                              rows between unbounded preceding and 1 preceding))::bigint as smaller
from tripgrid.weekly_clusters group by 1, 2, 3, 4, 5;
create unique index cluster_totals_key on tripgrid.cluster_totals (o_cell, d_cell, hour, source, region) nulls not distinct;
comment on column tripgrid.cluster_totals.smaller is 'Trips of the smaller clusters of the same route together; null for the smallest';
-- Two million names, all different: with the index a thousand of them are read instead of made.
create index cluster_totals_id on tripgrid.cluster_totals ((o_cell || '-' || d_cell || '-' || lpad(hour::text, 2, '0')));

create materialized view tripgrid.route_totals as
select row_number() over (order by sum(trips) desc, o_cell, d_cell)::integer as rank, o_cell, d_cell, sum(trips)::bigint as trips,
       sum(durations)::bigint as durations, sum(duration_s) as duration_s, sum(distance_m) as distance_m
from tripgrid.cluster_totals group by o_cell, d_cell
order by sum(trips) desc, o_cell, d_cell limit 10000;
create unique index route_totals_key on tripgrid.route_totals (rank);

-- There are new ones to fill.
update tripgrid.totals_state set is_behind = true;

-- migrate:down
drop schema bi cascade;
drop materialized view tripgrid.route_totals;
drop materialized view tripgrid.cluster_totals;
create materialized view tripgrid.cluster_totals as
select o_cell, d_cell, hour, source, region, sum(trips)::bigint as trips, count(distinct week)::integer as weeks_with_trips,
       sum(durations)::bigint as durations, sum(duration_s) as duration_s, sum(distance_m) as distance_m
from tripgrid.weekly_clusters group by 1, 2, 3, 4, 5;
create unique index cluster_totals_key on tripgrid.cluster_totals (o_cell, d_cell, hour, source, region) nulls not distinct;
drop table tripgrid.cells;
