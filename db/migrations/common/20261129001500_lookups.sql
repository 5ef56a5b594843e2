-- migrate:up
-- Tables of places by their ids: stations and zones that rows name in place of coordinates.
create table tripgrid.lookups (
  name       text collate "C" primary key,
  places     jsonb not null check (jsonb_typeof(places) = 'object'),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
comment on column tripgrid.lookups.places is 'By id: [longitude, latitude] in degrees';

-- migrate:down
drop table tripgrid.lookups;
