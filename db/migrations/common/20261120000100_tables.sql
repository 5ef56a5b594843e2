-- migrate:up
-- What Tripgrid keeps beside the trips themselves, and the columns of the trips. The engine's own migration, which comes
-- next, turns tripgrid.trips into a hypertable or a partitioned table; the indexes follow, common again.

create schema if not exists tripgrid;

-- One row: facts of this database that are fixed when it is first set up.
create table tripgrid.settings (
  one            boolean primary key default true check (one),
  engine         text not null check (engine in ('embedded', 'postgres', 'timescaledb')),
  time_zone      text not null,
  functions_hash text,
  created_at     timestamptz not null default now()
);
comment on table tripgrid.settings is 'One row: the engine and the time zone this database was set up with, and which functions it holds';

-- Who reports trips; a row appears with a source's first trip.
create table tripgrid.sources (
  name       text collate "C" primary key check (name <> ''),
  created_at timestamptz not null default now()
);

-- A region is known as soon as a trip carries its name; it is defined once somebody gave it a boundary or a time zone.
-- The time zone is fixed from the first trip on, since local times were computed with it: has_trips remembers that.
create table tripgrid.regions (
  name       text collate "C" primary key check (name <> ''),
  boundary   geometry(MultiPolygon, 4326) check (not st_isempty(boundary)),
  time_zone  text,
  has_trips  boolean not null default false,
  is_defined boolean not null default false,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
comment on column tripgrid.regions.time_zone is 'IANA name; null: the time zone of the database, tripgrid.settings';

-- What one request or one file brought.
create table tripgrid.batches (
  batch_id     uuid primary key,
  state        text not null check (state in ('queued', 'running', 'committed', 'failed')),
  mapping      text not null,
  received     integer not null default 0,
  inserted     integer not null default 0,
  duplicates   integer not null default 0,
  rejected     integer not null default 0,
  columns      text[],
  verdicts     jsonb,
  error        jsonb,
  created_at   timestamptz not null default now(),
  committed_at timestamptz,
  constraint batches_add_up check (state <> 'committed' or received = inserted + duplicates + rejected),
  constraint batches_committed_at check ((state = 'committed') = (committed_at is not null))
);
comment on column tripgrid.batches.columns is 'The header of a CSV, in the sender''s order; null for JSON';
comment on column tripgrid.batches.verdicts is 'One entry a row, where the sender asked for verdicts=all';

-- Rows that are not trips, as they were sent, until someone mends them.
create table tripgrid.rejected_rows (
  batch_id    uuid not null references tripgrid.batches on delete cascade,
  row         integer not null check (row > 0),
  trip_id     text,
  source      text,
  problems    jsonb not null check (jsonb_typeof(problems) = 'array' and jsonb_array_length(problems) > 0),
  record      text not null,
  primary key (batch_id, row)
);
comment on column tripgrid.rejected_rows.problems is 'Every faulty field: [{"field", "code", "detail"}]';
comment on column tripgrid.rejected_rows.record is 'The row in the sender''s own fields, as JSON text; a line that is no JSON stands here as it came';

-- A key and what it was used for: the same key again gives the same receipt.
create table tripgrid.idempotency_keys (
  key        text collate "C" primary key,
  digest     bytea not null,
  batch_id   uuid not null,
  created_at timestamptz not null default now()
);
comment on column tripgrid.idempotency_keys.digest is 'SHA-256 over the request: the same key with another digest is refused';

-- The trips. Columns stand widest alignment first (8 bytes, then variable), which saves padding in every row.
create table tripgrid.trips (
  local_time    timestamp not null,
  started_at    timestamptz not null,
  ended_at      timestamptz,
  booked_at     timestamptz,
  duration_s    double precision,
  distance_m    double precision,
  origin        geometry(Point, 4326) not null,
  destination   geometry(Point, 4326),
  source        text collate "C" not null,
  trip_id       text collate "C" not null,
  region        text collate "C",
  driver_id     text collate "C",
  rider_id      text collate "C",
  vehicle_model text collate "C",
  o_cell        text collate "C" generated always as (st_geohash(origin, 7)) stored,
  d_cell        text collate "C" generated always as (st_geohash(destination, 7)) stored,
  attributes    jsonb,

  -- These hold for everyone who writes, by HTTP or by SQL. A comparison with NaN is false at one end of each range and
  -- one with the null of an empty point is unknown, hence the explicit test for emptiness.
  constraint trips_origin check (not st_isempty(origin)
    and st_x(origin) >= -180 and st_x(origin) < 180 and st_y(origin) >= -90 and st_y(origin) <= 90),
  constraint trips_destination check (destination is null or (not st_isempty(destination)
    and st_x(destination) >= -180 and st_x(destination) < 180 and st_y(destination) >= -90 and st_y(destination) <= 90)),
  constraint trips_times_finite check (isfinite(local_time) and isfinite(started_at)
    and (ended_at is null or isfinite(ended_at)) and (booked_at is null or isfinite(booked_at))),
  constraint trips_duration check (duration_s >= 0 and duration_s < 'infinity'),
  constraint trips_distance check (distance_m >= 0 and distance_m < 'infinity'),
  constraint trips_source check (source <> '' and length(source) <= 200),
  constraint trips_trip_id check (trip_id <> '' and length(trip_id) <= 200),
  constraint trips_region check (region <> ''),
  constraint trips_attributes check (jsonb_typeof(attributes) = 'object')
);
comment on table tripgrid.trips is 'One row a trip; its identity is (source, trip_id, local_time)';
comment on column tripgrid.trips.local_time is 'Wall clock at the origin when the trip began';
comment on column tripgrid.trips.started_at is 'The instant the trip began';
comment on column tripgrid.trips.o_cell is 'Geohash of the origin, 7 characters (about 153 m); a parent cell is left(o_cell, n)';
comment on column tripgrid.trips.d_cell is 'Geohash of the destination, 7 characters';

-- migrate:down
drop schema tripgrid cascade;
