-- migrate:up
-- What one request, one file or one stretch of a topic brought, and all that is needed to work on it, to follow it and to mend it.

-- Grows with every change of a batch. Followers use it to find what is new.
create sequence tripgrid.batch_changes;

-- A batch has a number beside its id: four bytes in each of its trips. Processes take numbers in blocks of 64.
create sequence tripgrid.batch_numbers as integer increment by 64;

-- Its owner is who sent it. A caller that is bound to a source sees what was sent under the same bound, and any other caller sees what it
-- has sent itself.
create table tripgrid.batches (
  batch_id          uuid primary key,
  state             text not null check (state in ('queued', 'running', 'committed', 'failed', 'undoing', 'undone')),
  mapping           text,
  received          integer not null default 0,
  inserted          integer not null default 0,
  duplicates        integer not null default 0,
  rejected          integer not null default 0,
  columns           text[],
  verdicts          jsonb,
  error             jsonb,
  created_at        timestamptz not null default now(),
  committed_at      timestamptz,
  request           jsonb,
  bytes             bigint,
  bytes_done        bigint not null default 0,
  started_at        timestamptz,
  busy_seconds      double precision not null default 0,
  change_id         bigint not null default nextval('tripgrid.batch_changes'),
  rejects_dropped   integer not null default 0,
  rejects_bytes     bigint not null default 0,
  dropped_by_reason jsonb,
  claim             jsonb,
  deaths            smallint not null default 0,
  source            jsonb,
  number            integer not null default nextval('tripgrid.batch_numbers'),
  weeks             date[] not null default '{}',
  warnings          jsonb,
  undone            jsonb,
  owner             text,
  subject           text not null default 'trips' check (subject in ('trips', 'detections')),
  constraint batches_add_up check (state <> 'committed' or received = inserted + duplicates + rejected),
  constraint batches_committed_at
    check (case when state in ('undoing', 'undone') then undone is not null else (state = 'committed') = (committed_at is not null) end)
);
select tripgrid_internal.comment_on_columns('tripgrid.batches', $$
  mapping: How its rows became trips; null until its first rows were looked at
  columns: The header of a CSV, in the sender's order; null for JSON
  verdicts: One entry a row, where the sender asked for verdicts=all
  request: What a worker must know of the request; null for what was stored before its reply
  bytes: Size of the payload as it was sent; null for what was stored before its reply
  bytes_done: How much of the payload has been read and stored
  started_at: When work on it began; null for what was stored before its reply
  busy_seconds: How long it has been worked on, up to the last rows stored
  change_id: From tripgrid.batch_changes, a new one with every change of the row
  rejects_dropped: Rejected rows that are counted and not kept
  rejects_bytes: About how much the rejected rows took that were kept
  dropped_by_reason: Rejected rows that are not kept, by the code of their first fault; null if all are kept
  claim: Which process works on it, how many chunks were stored when it began, and whether it works on nothing else; null if none does
  deaths: Processes that ended while they worked on it and had stored nothing of it
  source: Of a stretch of a topic: topic, partition, first_position, last_position; null for others
  number: What its trips carry as batch
  weeks: Mondays of the weeks that it brought trips to: an undo looks for its trips there
  warnings: What may be wrong with its rows: {code: {"rows": …, "detail": …}}; null if nothing
  undone: Who took it back, when, and how far that is; null if nobody did
  owner: source:NAME or region:NAME if the sender is bound to one, else key:NAME, user:NAME or jwt:SUBJECT; null: no credential was asked for
  subject: What its rows are: trips or detections
$$);
create index batches_change_id on tripgrid.batches (change_id);
create index batches_poison on tripgrid.batches (batch_id) where error ->> 'code' = 'poison';
create index batches_to_do on tripgrid.batches (created_at) where state in ('queued', 'running');
create index batches_undoing on tripgrid.batches (batch_id) where state = 'undoing';
create unique index batches_number on tripgrid.batches (number);

-- Rows that are not trips, as they were sent. A row stays until it is mended.
create table tripgrid.rejected_rows (
  batch_id    uuid not null references tripgrid.batches on delete cascade,
  row         integer not null check (row > 0),
  trip_id     text,
  source      text,
  problems    jsonb not null check (jsonb_typeof(problems) = 'array' and jsonb_array_length(problems) > 0),
  record      text not null,
  primary key (batch_id, row)
);
select tripgrid_internal.comment_on_columns('tripgrid.rejected_rows', $$
  problems: Every faulty field: [{"field", "code", "detail"}]
  record: The row in the sender's own fields, as JSON text; a line that is no JSON stands here as it came
$$);

-- A key and the request that used it: the same key again gives the same receipt.
create table tripgrid.idempotency_keys (
  key        text collate "C" not null,
  digest     bytea not null,
  batch_id   uuid not null,
  created_at timestamptz not null default now(),
  owner      text collate "C" not null default '',
  primary key (owner, key)
);
select tripgrid_internal.comment_on_columns('tripgrid.idempotency_keys', $$
  digest: SHA-256 over the request: the same key with another digest is refused
  owner: As of tripgrid.batches, empty for none: the same key of two owners stands for two requests
$$);
create index idempotency_keys_created_at on tripgrid.idempotency_keys (created_at);

-- The payload of a batch that was acknowledged before its rows were stored. It is deleted once they are.
create table tripgrid.payload_parts (
  batch_id   uuid not null,
  part       integer not null check (part >= 0),
  content    bytea not null,
  created_at timestamptz not null default now(),
  primary key (batch_id, part)
);
-- No compression: packed payloads do not get smaller, and the others are read once.
alter table tripgrid.payload_parts alter column content set storage external;

-- Which chunks of a batch are stored. A chunk's row is written in the transaction of its trips, so a resumed batch skips it and two
-- workers cannot store it twice. The rows are deleted once the batch is done.
create table tripgrid.batch_chunks (
  batch_id uuid not null,
  chunk    integer not null check (chunk >= 0),
  rows     integer not null,
  end_byte bigint not null,
  verdicts jsonb,
  primary key (batch_id, chunk)
);
comment on column tripgrid.batch_chunks.end_byte is 'Where the chunk ends in the unpacked payload, counted from its beginning';

-- Files that came by the inbox or by the command line. A file is identified by its content.
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
select tripgrid_internal.comment_on_columns('tripgrid.imports', $$
  digest: SHA-256 of the file
  batch_id: The receipt; of one already imported, that of the import before
  claim: What may be imported once, content and way of reading it; null if it failed or was already imported
$$);
create index imports_path on tripgrid.imports (path, created_at);
create index imports_batch_id on tripgrid.imports (batch_id);

-- Where the receipt of a batch is sent once it is final.
create table tripgrid.callbacks (
  batch_id        uuid primary key,
  url             text not null,
  attempts        integer not null default 0,
  next_attempt_at timestamptz not null default now(),
  delivered_at    timestamptz,
  given_up_at     timestamptz,
  last_error      text,
  created_at      timestamptz not null default now(),
  unfinished      smallint not null default 0
);
comment on column tripgrid.callbacks.unfinished is 'Attempts in a row that began and of which nothing was recorded: the process ended meanwhile';
create index callbacks_due on tripgrid.callbacks (next_attempt_at) where delivered_at is null and given_up_at is null;

-- migrate:down
