-- migrate:up
-- What may be learnt from this database, by HTTP and by SQL alike: see docs/privacy.md.
alter table tripgrid.settings
  add column min_trips integer not null default 1 check (min_trips between 1 and 1000000),
  add column shows_trips boolean not null default true;
comment on column tripgrid.settings.min_trips is 'Groups of fewer trips than this are withheld; 1: none are';
comment on column tripgrid.settings.shows_trips is 'Whether single trips may be read, by HTTP and by the views in bi';

-- migrate:down
alter table tripgrid.settings drop column shows_trips, drop column min_trips;
