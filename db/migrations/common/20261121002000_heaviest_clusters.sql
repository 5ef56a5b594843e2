-- migrate:up
-- A cell's clusters of a week with most trips first: of hundreds of thousands of rows a question about the biggest ones then reads some thousand.
create index weekly_clusters_trips on tripgrid.live_weekly_clusters (o_cell, week, trips) include (d_cell, hour, source, region);

-- What takes other arguments now, or gives something else.
drop function if exists tripgrid.cluster_bounds(text[], boolean[], text, text, text, integer[], timestamp[], text[], text[], integer[], bigint[], integer);
drop function if exists tripgrid.cluster_counts(geometry, text, text, text, timestamp, timestamp, integer[], text[], integer);
drop function if exists tripgrid.biggest_clusters(geometry, text[], boolean[], text, text, text, timestamp, timestamp, integer[], integer[], integer, integer);
drop function if exists tripgrid.cluster_figures(geometry, text[], boolean[], text, text, text, timestamp, timestamp, integer[], integer[], integer,
                                                 integer[], text[], text[], integer[], integer);
drop function if exists tripgrid.live_counts(geometry, text, text, text, timestamp, timestamp, integer[], integer[]);
drop function if exists tripgrid.weekly_counts_by_cell(geometry, text, text, text, timestamp, timestamp);
update tripgrid.settings set functions_hash = null;

-- migrate:down
-- That of a continuous aggregate is in a schema of TimescaleDB's.
do $$
begin
  execute (select format('drop index %s', c.oid::regclass) from pg_class c where c.relname = 'weekly_clusters_trips' and c.relkind in ('i', 'I'));
end
$$;
drop function if exists tripgrid.cluster_bounds(text[], boolean[], text[], text, text, text, integer[], timestamp[], text[], text[], integer[], bigint[],
                                                bigint, bigint, integer);
drop function if exists tripgrid.cluster_counts(geometry, text[], boolean[], text, text, text, timestamp, timestamp, integer[], text[], integer);
drop function if exists tripgrid.biggest_clusters(geometry, text[], boolean[], text, text, text, timestamp, timestamp, integer[], integer[], integer, integer);
drop function if exists tripgrid.cluster_figures(geometry, text[], boolean[], text, text, text, timestamp, timestamp, integer[], integer[], integer,
                                                 integer[], text[], text[], integer[], integer);
drop function if exists tripgrid.live_counts(geometry, text, text, text, timestamp, timestamp, integer[], integer[], text[], boolean[]);
drop function if exists tripgrid.weekly_counts_by_cell(geometry, text, text, text, timestamp, timestamp, text[], boolean[]);
update tripgrid.settings set functions_hash = null;
