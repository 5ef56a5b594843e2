-- migrate:up
-- Questions to the query language that were given a name. They are kept as they were sent, members in their order: jsonb
-- would put them in another.
create table tripgrid.saved_queries (
  name       text collate "C" primary key check (name <> '' and length(name) <= 200),
  query      json not null check (json_typeof(query) = 'object'),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
comment on table tripgrid.saved_queries is 'Questions to the query language, by name';

-- migrate:down
drop table tripgrid.saved_queries;
