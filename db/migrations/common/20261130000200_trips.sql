-- migrate:up
-- The columns and checks of the trips, and the names that trips carry. The engine's own migration, which comes next, turns
-- tripgrid.trips into a hypertable or a partitioned table. The indexes follow it.

-- Who reports trips. A row appears with the first trip of a source.
create table tripgrid.sources (
  name       text collate "C" primary key check (name <> ''),
  created_at timestamptz not null default now()
);

-- A region is known once a trip carries its name, and defined once it has a boundary or a time zone. Its time zone is fixed
-- from its first trip on, since local times were computed with it: has_trips remembers that.
create table tripgrid.regions (
  name       text collate "C" primary key check (name <> ''),
  boundary   geometry(MultiPolygon, 4326) check (not st_isempty(boundary)),
  time_zone  text,
  has_trips  boolean not null default false,
  is_defined boolean not null default false,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  recompute  jsonb
);
comment on column tripgrid.regions.time_zone is 'IANA name; null: the time zone of the database, tripgrid.settings';
comment on column tripgrid.regions.recompute is 'How far its trips have been moved to its new time zone; null if none are to be moved';

-- Columns stand widest alignment first (8 bytes, then variable), which saves padding in every row.
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
  batch         integer,
  is_local      boolean,

  -- These hold for every writer, by HTTP or by SQL. A comparison with NaN is false at one end of each range. A comparison
  -- with the null of an empty point is unknown and passes a check, so emptiness is tested by itself.
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
comment on column tripgrid.trips.batch is 'The number of the batch that brought it; null if it was written or corrected by itself';
comment on column tripgrid.trips.is_local is 'Whether its sender gave the wall clock, from which its instant follows; false: the other way round; null: not known';

-- Trips that their sender cancelled, or moved to another time. A late copy of one of them changes nothing. A row is forgotten with the
-- batch that had brought the trip, and when the time zone of its region changes: its local time followed the old one.
create table tripgrid.cancelled_trips (
  source       text collate "C" not null,
  trip_id      text collate "C" not null,
  local_time   timestamp not null,
  cancelled_at timestamptz not null default now(),
  batch        integer,
  region       text collate "C",
  primary key (source, trip_id, local_time)
);
create index cancelled_trips_batch on tripgrid.cancelled_trips (batch) where batch is not null;

-- Trips that a batch sent again while another batch's trip was stored. When that batch is undone, they take its place.
create table tripgrid.repeated_trips (
  id            bigint generated by default as identity primary key,
  local_time    timestamp not null,
  started_at    timestamptz not null,
  ended_at      timestamptz,
  booked_at     timestamptz,
  duration_s    double precision,
  distance_m    double precision,
  batch         integer not null,
  is_local      boolean,
  origin        geometry(Point, 4326) not null,
  destination   geometry(Point, 4326),
  source        text collate "C" not null,
  trip_id       text collate "C" not null,
  region        text collate "C",
  driver_id     text collate "C",
  rider_id      text collate "C",
  vehicle_model text collate "C",
  attributes    jsonb
);
comment on table tripgrid.repeated_trips is 'Duplicates of trips that another batch brought: they take their place when that one is undone';
create unique index repeated_trips_identity on tripgrid.repeated_trips (source, trip_id, local_time, batch);
create index repeated_trips_batch on tripgrid.repeated_trips (batch);
create index repeated_trips_region on tripgrid.repeated_trips (region) where region is not null;

-- migrate:down
