-- migrate:up
-- Who may do what, and who changed what: API keys, users, the tokens that users get, and the audit log. Nothing here is a secret that a
-- caller shows, except for the signing keys: of keys and tokens there is a SHA-256 (they are 256 random bits), of passwords an argon2id.

-- One row. Every process keeps credentials that it has checked, and forgets them when the number grows.
create table tripgrid.auth_state (
  one      boolean primary key default true check (one),
  revision bigint not null default 0
);
insert into tripgrid.auth_state default values;
comment on table tripgrid.auth_state is 'One row: a number that grows with every change of keys and users';

create table tripgrid.api_keys (
  key_id             uuid primary key default gen_random_uuid(),
  name               text collate "C" not null check (name <> '' and length(name) <= 200),
  digest             bytea not null unique,
  scopes             text[] not null check (scopes <@ array['ingest', 'read', 'trips', 'admin'] and cardinality(scopes) > 0),
  source             text check (source <> '' and length(source) <= 200),
  region             text check (region <> '' and length(region) <= 200),
  created_by         text,
  created_at         timestamptz not null default now(),
  expires_at         timestamptz,
  revoked_at         timestamptz,
  -- What the key may take, where it differs from the settings of the service.
  max_requests_per_s double precision check (max_requests_per_s between 0 and 1e6),
  max_rows_per_s     double precision check (max_rows_per_s between 0 and 1e9),
  max_mb_per_s       double precision check (max_mb_per_s between 0 and 1e5),
  max_questions      integer check (max_questions between 1 and 1000),
  constraint api_keys_one_bound check (source is null or region is null)
);
select tripgrid_internal.comment_on_columns('tripgrid.api_keys', $$
  digest: SHA-256 of the key
  source: The only source whose trips the key may write and read; null: all
  region: The only region whose trips the key may write and read; null: all
  created_by: The credential that made it; null: the command line, or a service without credentials
  max_requests_per_s: Requests a second that the key may send to a process; 0: any number; null: as TRIPGRID_MAX_REQUESTS_PER_S says
  max_rows_per_s: Rows a second, sent and read; 0: any number; null: as TRIPGRID_MAX_ROWS_PER_S says
  max_mb_per_s: Megabytes a second, sent and read; 0: any number; null: as TRIPGRID_MAX_MB_PER_S says
  max_questions: Questions of the key that a process works on at one time; null: its share of the connections
$$);

create table tripgrid.users (
  name             text collate "C" primary key check (name <> '' and length(name) <= 200),
  password         text not null,
  former_passwords text[] not null default '{}',
  scopes           text[] not null check (scopes <@ array['ingest', 'read', 'trips', 'admin'] and cardinality(scopes) > 0),
  source           text check (source <> '' and length(source) <= 200),
  region           text check (region <> '' and length(region) <= 200),
  created_by       text,
  created_at       timestamptz not null default now(),
  password_at      timestamptz not null default now(),
  constraint users_one_bound check (source is null or region is null)
);
select tripgrid_internal.comment_on_columns('tripgrid.users', $$
  password: argon2id, with its parameters
  former_passwords: The hashes of the last passwords, newest first: they are not taken again
$$);

-- A refresh token is used once. The next one belongs to the same family; if an old one comes again, the whole family ends.
create table tripgrid.refresh_tokens (
  digest     bytea primary key,
  family     uuid not null,
  user_name  text collate "C" not null references tripgrid.users on delete cascade,
  scopes     text[] not null,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  used_at    timestamptz
);
comment on column tripgrid.refresh_tokens.family is 'All tokens that came from one login';
create index refresh_tokens_family on tripgrid.refresh_tokens (family);
create index refresh_tokens_user on tripgrid.refresh_tokens (user_name);
create index refresh_tokens_expires_at on tripgrid.refresh_tokens (expires_at);

-- Logins that failed, counted by user and by address for a while.
create table tripgrid.login_failures (
  subject    bytea primary key,
  failures   integer not null default 0,
  expires_at timestamptz not null
);
comment on column tripgrid.login_failures.subject is 'SHA-256 of the user name or the address';
create index login_failures_expires_at on tripgrid.login_failures (expires_at);

-- Sign the tokens of users. The newest signs, all others are still accepted.
create table tripgrid.signing_keys (
  key_id     uuid primary key default gen_random_uuid(),
  secret     bytea not null check (length(secret) >= 32),
  created_at timestamptz not null default now()
);

create function tripgrid_internal.note_changed_credentials() returns trigger language plpgsql
  security definer set search_path = pg_catalog, pg_temp as $$
begin
  update tripgrid.auth_state set revision = revision + 1;
  return null;
end
$$;
create trigger api_keys_changed after insert or update or delete or truncate on tripgrid.api_keys
  for each statement execute function tripgrid_internal.note_changed_credentials();
create trigger users_changed after insert or update or delete or truncate on tripgrid.users
  for each statement execute function tripgrid_internal.note_changed_credentials();

-- Who changed what. An entry is written after the change and before its reply.
create table tripgrid.audit_log (
  entry_id   bigint generated by default as identity primary key,
  at         timestamptz not null default clock_timestamp(),
  actor      text,
  client     text not null,
  action     text not null,
  target     text not null,
  status     smallint not null,
  request_id text not null
);
comment on table tripgrid.audit_log is 'Each request that changed something and was not the sending of trips';
select tripgrid_internal.comment_on_columns('tripgrid.audit_log', $$
  actor: The name of the key or user; null if none was needed
  client: The address that the request came from
  action: Method and address as OpenAPI writes it, such as DELETE /v1/batches/{id}
  target: What was changed, as a path
  request_id: As in the log and in the header X-Request-Id
$$);
create index audit_log_at on tripgrid.audit_log (at);

-- migrate:down
