-- migrate:up
-- What it takes to bring in more than fits one transaction, to follow it, and to correct what came in.

-- Batches that are worked on after their acknowledgement: what was asked, how far it is, and a number that grows with
-- every change, by which followers find what is new.
create sequence tripgrid.batch_changes;
alter table tripgrid.batches
  alter column mapping drop not null,
  add column request    jsonb,
  add column bytes      bigint,
  add column bytes_done bigint not null default 0,
  add column started_at timestamptz,
  add column busy_seconds double precision not null default 0,
  add column change_id  bigint not null default nextval('tripgrid.batch_changes');
comment on column tripgrid.batches.mapping is 'How its rows became trips; null until its first rows were looked at';
comment on column tripgrid.batches.request is 'What a worker must know of the request; null for what was stored before its reply';
comment on column tripgrid.batches.bytes is 'Size of the payload as it was sent; null for what was stored before its reply';
comment on column tripgrid.batches.bytes_done is 'How much of the payload has been read and stored';
comment on column tripgrid.batches.started_at is 'When work on it began; null for what was stored before its reply';
comment on column tripgrid.batches.busy_seconds is 'How long it has been worked on, up to the last rows stored';
comment on column tripgrid.batches.change_id is 'From tripgrid.batch_changes, a new one with every change of the row';
create index batches_change_id on tripgrid.batches (change_id);
create index batches_to_do on tripgrid.batches (created_at) where state in ('queued', 'running');

-- The payload of a batch whose acknowledgement came before its rows were stored; gone once they are.
create table tripgrid.payload_parts (
  batch_id   uuid not null,
  part       integer not null check (part >= 0),
  content    bytea not null,
  created_at timestamptz not null default now(),
  primary key (batch_id, part)
);
-- Packed payloads do not get smaller, and the others are read once.
alter table tripgrid.payload_parts alter column content set storage external;

-- Which chunks of a batch are stored, each written in the transaction of its rows: whoever goes on with the batch skips
-- them, and two who work on it at once cannot store one twice. Gone once the batch is done.
create table tripgrid.batch_chunks (
  batch_id uuid not null,
  chunk    integer not null check (chunk >= 0),
  rows     integer not null,
  end_byte bigint not null,
  verdicts jsonb,
  primary key (batch_id, chunk)
);
comment on column tripgrid.batch_chunks.end_byte is 'Where the chunk ends in the unpacked payload, counted from its beginning';

-- Files that came by the inbox or by the command line. A file is known by its content.
create table tripgrid.imports (
  import_id        uuid primary key,
  path             text not null,
  bytes            bigint not null,
  modified_at      timestamptz not null,
  digest           bytea not null,
  batch_id         uuid not null,
  already_imported boolean not null default false,
  claim            bytea unique,
  created_at       timestamptz not null default now()
);
comment on column tripgrid.imports.digest is 'SHA-256 of the file';
comment on column tripgrid.imports.batch_id is 'The receipt; of one already imported, that of the import before';
comment on column tripgrid.imports.claim is 'What may be imported once, content and way of reading it; null if it failed or was already imported';
create index imports_path on tripgrid.imports (path, created_at);
create index imports_batch_id on tripgrid.imports (batch_id);

-- Trips that their sender cancelled, or moved to another time: a late copy of them changes nothing.
create table tripgrid.cancelled_trips (
  source       text collate "C" not null,
  trip_id      text collate "C" not null,
  local_time   timestamp not null,
  cancelled_at timestamptz not null default now(),
  primary key (source, trip_id, local_time)
);

-- Where the receipt of a batch goes once it is final.
create table tripgrid.callbacks (
  batch_id        uuid primary key,
  url             text not null,
  attempts        integer not null default 0,
  next_attempt_at timestamptz not null default now(),
  delivered_at    timestamptz,
  given_up_at     timestamptz,
  last_error      text,
  created_at      timestamptz not null default now()
);
create index callbacks_due on tripgrid.callbacks (next_attempt_at) where delivered_at is null and given_up_at is null;

-- How foreign rows become trips, as their owners defined it.
create table tripgrid.mappings (
  name       text collate "C" primary key check (name <> '' and length(name) <= 200),
  definition jsonb not null check (jsonb_typeof(definition) = 'object'),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

create index idempotency_keys_created_at on tripgrid.idempotency_keys (created_at);

-- migrate:down
drop index tripgrid.idempotency_keys_created_at;
drop table tripgrid.mappings, tripgrid.callbacks, tripgrid.cancelled_trips, tripgrid.imports, tripgrid.batch_chunks,
  tripgrid.payload_parts;
drop index tripgrid.batches_to_do, tripgrid.batches_change_id;
alter table tripgrid.batches drop column request, drop column bytes, drop column bytes_done, drop column started_at, drop column busy_seconds,
  drop column change_id;
drop sequence tripgrid.batch_changes;
