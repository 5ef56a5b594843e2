-- migrate:up
-- Weekly counts of clusters (origin cell, destination cell, hour of day) and of drivers, kept as the other rollups are. The sums are
-- those of their trips: great-circle distance in metres, duration in seconds, and how many of them have one.
create table tripgrid.live_weekly_clusters (
  week       timestamp not null,
  trips      bigint not null,
  durations  bigint not null,
  duration_s double precision,
  distance_m double precision not null,
  hour       smallint not null,
  o_cell     text collate "C" not null,
  d_cell     text collate "C" not null,
  source     text collate "C" not null,
  region     text collate "C"
);
create unique index weekly_clusters_week on tripgrid.live_weekly_clusters (week, o_cell, d_cell, hour, source, region) include (trips) nulls not distinct;

create table tripgrid.live_weekly_drivers (
  week       timestamp not null,
  trips      bigint not null,
  durations  bigint not null,
  duration_s double precision,
  distances  bigint not null,
  distance_m double precision,
  driver_id  text collate "C" not null,
  source     text collate "C" not null,
  region     text collate "C"
);
create unique index weekly_drivers_week on tripgrid.live_weekly_drivers (week, driver_id, source, region) include (trips) nulls not distinct;

-- migrate:down
drop table tripgrid.live_weekly_drivers;
drop table tripgrid.live_weekly_clusters;
