-- migrate:up
-- Three schemas. tripgrid holds what is stored, and the functions that analysts call. tripgrid_internal holds the rollups, what
-- keeps them up to date, and all other functions. bi holds the views that BI tools read. The functions and views are in
-- db/functions. dbmate has made the first schema already, for the table of its versions.
create schema if not exists tripgrid;
create schema tripgrid_internal;
comment on schema tripgrid_internal is 'Internal to Tripgrid: rollups and functions that may change at any time';
create schema bi;
comment on schema bi is 'What BI tools read: trips counted by region, cell, cluster, route, hour and driver. See bi.freshness for as of when';

-- Sets the comments of columns of a table or type. Each line holds the name of a column, a colon and its comment. Any other line is an
-- error.
create function tripgrid_internal.comment_on_columns(relation regclass, comments text) returns void language plpgsql
  set search_path = pg_catalog, pg_temp as $$
declare
  line text[];
begin
  for line in select regexp_match(l, '^ *(\w+): (.+)$') from regexp_split_to_table(btrim(comments, e'\n'), '\n') l loop
    execute format('comment on column %s.%I is %L', relation, line[1], line[2]);
  end loop;
end
$$;

-- One row. The engine and the time zone never change, since local times and the way of storing trips depend on them. Without a time
-- zone, the clock of a trip runs in the zone at its origin.
create table tripgrid.settings (
  singleton       boolean primary key default true check (singleton),
  engine          text not null check (engine in ('embedded', 'postgres', 'timescaledb')),
  time_zone       text,
  functions_hash  text,
  created_at      timestamptz not null default now(),
  -- Retention takes three steps, so that no answer misses a trip or counts it twice. Weeks before closed_before take no more
  -- writes. Once the rollups know these weeks, their counts are copied to the retired tables and retired_before moves, in
  -- one transaction. The trips are dropped when no statement can still be reading them.
  closed_before   date not null default '-infinity',
  retired_before  date not null default '-infinity',
  retired_at      timestamptz,
  columnar_before timestamp not null default '-infinity',
  -- Privacy, for HTTP and SQL alike: see docs/privacy.md.
  min_trips       integer not null default 1 check (min_trips between 1 and 1000000),
  shows_trips     boolean not null default true,
  places          text,
  names_version   integer not null default 0,
  constraint settings_retired check (retired_before <= closed_before),
  constraint settings_mondays check ((not isfinite(closed_before) or extract(isodow from closed_before) = 1)
                                     and (not isfinite(retired_before) or extract(isodow from retired_before) = 1))
);
comment on table tripgrid.settings is 'One row: the engine and the time zone this database was set up with, and which functions it holds';
select tripgrid_internal.comment_on_columns('tripgrid.settings', $$
  time_zone: One time zone for all trips without a region's own; null: that of the place where a trip began
  closed_before: Trips of weeks before this one are neither taken nor changed
  retired_before: Weeks before this one are counted from the retired tables alone
  retired_at: When retired_before moved last
  columnar_before: Trips before this local time are counted in one pass: most of them are in the columnstore
  min_trips: Groups of fewer trips than this are withheld; 1: none are
  shows_trips: Whether single trips may be read, by HTTP and by the views in bi
  places: Which map of time zones this database was set up with; another one may differ near a border
  names_version: Grows when a source or region is forgotten, or the time zone of a region changes: writers keep both in memory
$$);

-- How foreign rows become trips, as their owners defined it.
create table tripgrid.mappings (
  name       text collate "C" primary key check (name <> '' and length(name) <= 200),
  definition jsonb not null check (jsonb_typeof(definition) = 'object'),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

-- Tables of places by their ids: stations and zones that rows name in place of coordinates.
create table tripgrid.lookups (
  name       text collate "C" primary key,
  places     jsonb not null check (jsonb_typeof(places) = 'object'),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
comment on column tripgrid.lookups.places is 'By id: [longitude, latitude] in degrees';

-- Named questions to the query language. They are json and not jsonb, which would change the order of their members.
create table tripgrid.saved_queries (
  name       text collate "C" primary key check (name <> '' and length(name) <= 200),
  query      json not null check (json_typeof(query) = 'object'),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  owner      text
);
comment on table tripgrid.saved_queries is 'Questions to the query language, by name';
comment on column tripgrid.saved_queries.owner is 'As of tripgrid.batches';

-- migrate:down
