-- migrate:up
-- Vehicles seen by cameras and other sensors. The engine's own migration, which comes next, may turn the table into a hypertable. The
-- triggers follow it.
create table tripgrid.detections (
  seen_at    timestamptz not null,
  local_time timestamp not null,
  id         uuid not null,
  batch      integer not null,
  year       smallint not null,
  make       text collate "C" not null,
  model      text collate "C" not null,
  category   text collate "C" not null,
  camera     text collate "C",
  location   geometry(Point, 4326),
  attributes jsonb,
  -- A hypertable's unique index must hold its time column.
  constraint detections_pkey primary key (id, seen_at),
  constraint detections_times_finite check (isfinite(seen_at) and isfinite(local_time)),
  constraint detections_year check (year between 1880 and 2200),
  constraint detections_texts check (make <> '' and model <> '' and category <> '' and camera <> ''
    and length(make) <= 200 and length(model) <= 200 and length(category) <= 200 and length(camera) <= 200),
  constraint detections_location check (location is null or (not st_isempty(location)
    and st_x(location) >= -180 and st_x(location) < 180 and st_y(location) >= -90 and st_y(location) <= 90)),
  constraint detections_attributes check (jsonb_typeof(attributes) = 'object')
);
comment on table tripgrid.detections is 'One row a vehicle seen; its identity is (id, seen_at)';
comment on column tripgrid.detections.seen_at is 'The instant: as sent, else when the message was sent or the request arrived';
comment on column tripgrid.detections.local_time is 'The same by the clocks at its location; without one, of the time zone of the database or UTC';
comment on column tripgrid.detections.batch is 'The number of the batch that brought it';

-- Lists, newest first, also of one make or camera.
create index detections_seen_at on tripgrid.detections (seen_at, id);
create index detections_make on tripgrid.detections (make, seen_at, id);
create index detections_camera on tripgrid.detections (camera, seen_at, id) where camera is not null;

-- What a batch brought: trips, or detections.
alter table tripgrid.batches add column subject text not null default 'trips' check (subject in ('trips', 'detections'));
comment on column tripgrid.batches.subject is 'What its rows are: trips or detections';

-- migrate:down
