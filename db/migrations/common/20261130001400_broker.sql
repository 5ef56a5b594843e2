-- migrate:up
-- What is read from topics of a message broker and published to them, so that each message counts once.

-- The next position to read of each partition. It moves in the transaction that stores the rows, whose lock of this row keeps a
-- former owner out. Deleting a row makes Tripgrid read that partition from its oldest message.
create table tripgrid.broker_positions (
  topic        text collate "C" not null,
  partition    integer not null check (partition >= 0),
  position     bigint check (position >= 0),
  log_id       text,
  epoch        bigint not null default 0,
  owner        text,
  problem      text,
  last_sent_at timestamptz,
  updated_at   timestamptz not null default now(),
  primary key (topic, partition)
);
select tripgrid_internal.comment_on_columns('tripgrid.broker_positions', $$
  position: Kafka's offset or JetStream's sequence; null: nothing is stored yet
  log_id: The log that the position belongs to, where the broker tells it: another one is a topic made anew
  epoch: Grows with each claim by a process; a transaction of an earlier claim fails
  owner: The process that claimed it last
  problem: Why it is not read; null: it is read
  last_sent_at: When the last stored message was sent
$$);

-- Messages that are still to be published. They are added in the transaction that stores what they tell of, and removed once the
-- broker has acknowledged them.
create table tripgrid.outbox (
  id          bigint generated always as identity primary key,
  topic       text not null,
  key         text,
  value       bytea not null,
  headers     jsonb not null check (jsonb_typeof(headers) = 'object'),
  attempts    integer not null default 0,
  not_before  timestamptz not null default '-infinity',
  last_error  text,
  given_up_at timestamptz,
  created_at  timestamptz not null default now()
);
select tripgrid_internal.comment_on_columns('tripgrid.outbox', $$
  not_before: A process publishes it until then, or it failed and waits
  given_up_at: When the broker refused it for good; it is kept for a month
$$);
create index outbox_given_up on tripgrid.outbox (given_up_at) where given_up_at is not null;

-- migrate:down
