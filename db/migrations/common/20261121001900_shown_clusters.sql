-- migrate:up
-- The totals of clusters hold only what bi.clusters may show, by the minimum that held when they were made: the view then is the table, with
-- its indexes, and no plan tells what it withholds. Kept whole behind a fence in the view, 4 million of them took
-- 3 s to sample.
alter table tripgrid.totals_state add column min_trips integer not null default 1;
comment on column tripgrid.totals_state.min_trips is 'The minimum, TRIPGRID_MIN_TRIPS, that held then';
update tripgrid.totals_state t set min_trips = s.min_trips from tripgrid.settings s;

-- These views are made again at the start.
drop view if exists bi.clusters, bi.top_routes;
drop materialized view tripgrid.route_totals;
drop materialized view tripgrid.cluster_totals;
create materialized view tripgrid.cluster_totals as
select k.o_cell, k.d_cell, k.hour, k.source, k.region, k.trips, k.weeks_with_trips, k.durations, k.duration_s, k.distance_m
from (select o_cell, d_cell, hour, source, region, sum(trips)::bigint as trips, count(distinct week)::integer as weeks_with_trips,
             sum(durations)::bigint as durations, sum(duration_s) as duration_s, sum(distance_m) as distance_m,
             sum(sum(trips)) over (partition by o_cell, d_cell order by sum(trips), hour, source, region
                                   rows between unbounded preceding and 1 preceding) as smaller
      from tripgrid.weekly_clusters group by 1, 2, 3, 4, 5) k, tripgrid.totals_state t
where k.trips >= t.min_trips and coalesce(k.smaller >= t.min_trips, true);
comment on materialized view tripgrid.cluster_totals is 'Clusters over all weeks, but for those that are withheld: groups of fewer trips than the minimum, and where those of a route together are fewer than it, the smallest other one too';
create unique index cluster_totals_key on tripgrid.cluster_totals (o_cell, d_cell, hour, source, region) nulls not distinct;
create index cluster_totals_id on tripgrid.cluster_totals ((o_cell || '-' || d_cell || '-' || lpad(hour::text, 2, '0')));

create materialized view tripgrid.route_totals as
select row_number() over (order by sum(trips) desc, o_cell, d_cell)::integer as rank, o_cell, d_cell, sum(trips)::bigint as trips,
       sum(durations)::bigint as durations, sum(duration_s) as duration_s, sum(distance_m) as distance_m
from tripgrid.weekly_clusters group by o_cell, d_cell
order by sum(trips) desc, o_cell, d_cell limit 10000;
create unique index route_totals_key on tripgrid.route_totals (rank);

-- As tripgrid.refresh_totals does: the place of every cell that a cluster has.
insert into tripgrid.cells (cell, lat, lon, middle)
select k.cell, st_y(p.middle), st_x(p.middle), p.middle
from (select o.cell from tripgrid.weekly_origins_5 o union select d.cell from tripgrid.weekly_destinations_5 d) k
cross join lateral (select st_setsrid(st_pointfromgeohash(k.cell), 4326) as middle) p
where not exists (select from tripgrid.cells c where c.cell = k.cell);

update tripgrid.settings set functions_hash = null;

-- migrate:down
drop view if exists bi.clusters, bi.top_routes, bi.freshness;
drop materialized view tripgrid.route_totals;
drop materialized view tripgrid.cluster_totals;
create materialized view tripgrid.cluster_totals as
select o_cell, d_cell, hour, source, region, sum(trips)::bigint as trips, count(distinct week)::integer as weeks_with_trips,
       sum(durations)::bigint as durations, sum(duration_s) as duration_s, sum(distance_m) as distance_m,
       (sum(sum(trips)) over (partition by o_cell, d_cell order by sum(trips), hour, source, region
                              rows between unbounded preceding and 1 preceding))::bigint as smaller
from tripgrid.weekly_clusters group by 1, 2, 3, 4, 5;
create unique index cluster_totals_key on tripgrid.cluster_totals (o_cell, d_cell, hour, source, region) nulls not distinct;
create index cluster_totals_id on tripgrid.cluster_totals ((o_cell || '-' || d_cell || '-' || lpad(hour::text, 2, '0')));
create materialized view tripgrid.route_totals as
select row_number() over (order by sum(trips) desc, o_cell, d_cell)::integer as rank, o_cell, d_cell, sum(trips)::bigint as trips,
       sum(durations)::bigint as durations, sum(duration_s) as duration_s, sum(distance_m) as distance_m
from tripgrid.cluster_totals group by o_cell, d_cell
order by sum(trips) desc, o_cell, d_cell limit 10000;
create unique index route_totals_key on tripgrid.route_totals (rank);
alter table tripgrid.totals_state drop column min_trips;
update tripgrid.settings set functions_hash = null;
