-- migrate:up
-- Vehicles seen by cameras and other sensors, and how many there are. The engine's own migration, which comes next, may turn the table of
-- detections into a hypertable.
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
select tripgrid_internal.comment_on_columns('tripgrid.detections', $$
  seen_at: The instant: as sent, else when the message was sent or the request arrived
  local_time: The same by the clocks at its location; without one, of the time zone of the database or UTC
  batch: The number of the batch that brought it
$$);

-- Lists, newest first, also of one make or camera.
create index detections_seen_at on tripgrid.detections (seen_at, id);
create index detections_make on tripgrid.detections (make, seen_at, id);
create index detections_camera on tripgrid.detections (camera, seen_at, id) where camera is not null;

-- How many detections there are by each value of each dimension and day. A count is the sum of both tables: writers only add rows
-- to the changes, so they never wait for each other, and a folding moves changes into the counts in one transaction. A statement
-- sees either all of a change or nothing of it, so a sum is exact at every moment. The key has the day before the value, so a question
-- about some days reads these days only.
create table tripgrid_internal.detection_counts (
  dimension text collate "C" not null,
  value     text collate "C" not null,
  day       date not null,
  n         bigint not null,
  primary key (dimension, day, value) include (n)
);
comment on table tripgrid_internal.detection_counts is 'Detections by make, model, category, year, camera and hour, and day';
select tripgrid_internal.comment_on_columns('tripgrid_internal.detection_counts', $$
  value: As text; empty: detections without a camera
  day: Of local_time
$$);

create table tripgrid_internal.detection_count_changes (
  id bigint generated always as identity primary key,
  like tripgrid_internal.detection_counts
);
comment on table tripgrid_internal.detection_count_changes is 'What the counts of detections lack: rows for each write';

-- The counts by month. An answer adds up whole months of these, and days of the others only at its ends: a thousand models over ten years
-- are 120,000 rows instead of 3.6 million. A folding adds to both.
create table tripgrid_internal.detection_month_counts (
  dimension text collate "C" not null,
  value     text collate "C" not null,
  month     date not null,
  n         bigint not null,
  primary key (dimension, month, value) include (n)
);
comment on table tripgrid_internal.detection_month_counts is 'The sums of detection_counts by month';
comment on column tripgrid_internal.detection_month_counts.month is 'Its first day';

-- How many detections were dropped for their age. They stay counted.
create table tripgrid_internal.dropped_detections (
  singleton boolean primary key default true check (singleton),
  n         bigint not null default 0
);
insert into tripgrid_internal.dropped_detections default values;

-- The function has its owner's rights: a writer of detections needs none on the counts. A copy of a database brings the counts with it.
create function tripgrid_internal.count_detections() returns trigger language plpgsql
  security definer set search_path = pg_catalog, pg_temp as $$
begin
  if current_setting('tripgrid.copying', true) = 'on' then
    return null;
  end if;
  insert into tripgrid_internal.detection_count_changes (dimension, value, day, n)
  select d.dimension, d.value, f.local_time::date, count(*)
  from fresh f
  cross join lateral (values ('make', f.make), ('model', f.model), ('category', f.category), ('year', f.year::text),
                             ('camera', coalesce(f.camera, '')), ('hour', extract(hour from f.local_time)::int::text)) d (dimension, value)
  group by 1, 2, 3;
  return null;
end
$$;
create trigger detections_inserted after insert on tripgrid.detections
  referencing new table as fresh for each statement execute function tripgrid_internal.count_detections();

-- migrate:down
