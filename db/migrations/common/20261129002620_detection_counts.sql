-- migrate:up
-- How many detections there are by each value of each dimension and day. A count is the sum of both tables: writers only add rows
-- to the changes, so they never wait for each other, and a folding moves changes into the counts in one transaction. A statement
-- sees either all of a change or nothing of it, so a sum is exact at every moment.
create table tripgrid_internal.detection_counts (
  dimension text collate "C" not null,
  value     text collate "C" not null,
  day       date not null,
  n         bigint not null,
  primary key (dimension, value, day) include (n)
);
comment on table tripgrid_internal.detection_counts is 'Detections by make, model, category, year, camera and hour, and day';
comment on column tripgrid_internal.detection_counts.value is 'As text; empty: detections without a camera';
comment on column tripgrid_internal.detection_counts.day is 'Of local_time';

create table tripgrid_internal.detection_count_changes (
  id        bigint generated always as identity primary key,
  dimension text collate "C" not null,
  value     text collate "C" not null,
  day       date not null,
  n         bigint not null
);
comment on table tripgrid_internal.detection_count_changes is 'What the counts of detections lack: rows for each write';

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
