-- migrate:up
-- The weeks that the rollups are behind with: a row for each statement that wrote trips and each week that it touched. Triggers add
-- the rows, so they hold for every writer, by HTTP or by SQL. Writers only add rows, so they never wait for each other, and
-- the refresher deletes only the rows that it has read. A week with a row here is answered from the trips, any other week from the
-- rollups. The triggers cost 5 to 16 % of a COPY (9.5 µs a trip without them).
create table tripgrid_internal.pending_weeks (
  id         bigint generated always as identity primary key,
  week       date not null check (extract(isodow from week) = 1),
  inserted   bigint not null default 0 check (inserted >= 0),
  removed    bigint not null default 0 check (removed >= 0),
  recount    boolean not null default false,
  created_at timestamptz not null default now()
);
comment on table tripgrid_internal.pending_weeks is 'Weeks that the rollups are behind with: one row for each write and week';
select tripgrid_internal.comment_on_columns('tripgrid_internal.pending_weeks', $$
  inserted: Trips that came into the week
  removed: Trips that were taken out of the week
  recount: The rollups may hold wrong counts of the week, so all of it is counted again
$$);

-- Weeks whose refresh has begun and not ended. What a process leaves here when it ends is counted, so that a refresh that ends
-- processes is not begun for ever; until then and after that the week is answered from the trips.
create table tripgrid_internal.refresh_attempts (
  week     date primary key,
  process  uuid not null,
  deaths   smallint not null default 0 check (deaths >= 0),
  began_at timestamptz not null default now()
);
comment on table tripgrid_internal.refresh_attempts is 'Weeks whose refresh has begun and not ended';
select tripgrid_internal.comment_on_columns('tripgrid_internal.refresh_attempts', $$
  process: Which process began it
  deaths: Processes that ended while they refreshed the week
$$);

-- The functions here have their owner's rights: a writer of trips needs none on the notes. The triggers for deletes and
-- updates are in the engine's own migration.

-- No rollup would count a trip of a closed week. A transaction that is not READ COMMITTED might not see that the week was
-- closed, so it locks the row, which fails if the row has changed.
create function tripgrid_internal.refuse_closed_week(week date) returns void language plpgsql
  security definer set search_path = pg_catalog, pg_temp as $$
declare
  closed date;
begin
  if current_setting('transaction_isolation') = 'read committed' then
    select s.closed_before into closed from tripgrid.settings s;
  else
    select s.closed_before into closed from tripgrid.settings s for share;
  end if;
  if week < closed then
    raise exception 'The week of % takes no more trips, and none of its trips changes, as in all weeks before %: only what was counted of them is kept.',
      week, closed using errcode = 'TG005', detail = json_build_object('closed_before', closed);
  end if;
end
$$;

create function tripgrid_internal.note_inserted_trips() returns trigger language plpgsql
  security definer set search_path = pg_catalog, pg_temp as $$
declare
  first date;
begin
  with noted as (
    insert into tripgrid_internal.pending_weeks (week, inserted)
    select date_trunc('week', local_time)::date, count(*) from fresh group by 1
    returning week
  )
  select min(n.week) into first from noted n;
  perform tripgrid_internal.refuse_closed_week(first);
  return null;
end
$$;
create trigger trips_inserted after insert on tripgrid.trips
  referencing new table as fresh for each statement execute function tripgrid_internal.note_inserted_trips();

-- TRUNCATE sees no snapshot, so this function must not have an old one either: it would miss weeks that were refreshed meanwhile.
-- It marks every week that is known from anywhere, also those of a running refresh. Retired weeks stay as they are.
create function tripgrid_internal.note_truncated_trips() returns trigger language plpgsql
  security definer set search_path = pg_catalog, pg_temp as $$
begin
  if current_setting('transaction_isolation') <> 'read committed' then
    raise exception 'tripgrid.trips can be truncated in a READ COMMITTED transaction only; this one is %.',
      upper(current_setting('transaction_isolation')) using errcode = 'feature_not_supported';
  end if;
  insert into tripgrid_internal.pending_weeks (week, recount)
  select distinct date_trunc('week', k.week)::date, true
  from (select week from tripgrid_internal.pending_weeks union all select week from tripgrid_internal.rollup_weeks) k,
       tripgrid.settings s
  where k.week >= s.retired_before;
  return null;
end
$$;
create trigger trips_truncated after truncate on tripgrid.trips
  for each statement execute function tripgrid_internal.note_truncated_trips();

-- migrate:down
