-- migrate:up
-- The weeks that the rollups are behind with: one row for each statement that wrote trips and each week that it touched, by
-- triggers, so that it holds for everyone who writes, by HTTP or by SQL. Writers only add rows, so they never wait for each
-- other, and the refresher removes just the rows that it had read. A week with a row here is answered from the trips, any other
-- from the rollups. The triggers cost 5 to 16 % of a COPY (9.5 µs a trip without them).
create table tripgrid.pending_weeks (
  id         bigint generated always as identity primary key,
  week       date not null check (extract(isodow from week) = 1),
  inserted   bigint not null default 0 check (inserted >= 0),
  removed    bigint not null default 0 check (removed >= 0),
  anew       boolean not null default false,
  created_at timestamptz not null default now()
);
comment on table tripgrid.pending_weeks is 'Weeks that the rollups are behind with: one row for each write and week';
comment on column tripgrid.pending_weeks.inserted is 'Trips that came into the week';
comment on column tripgrid.pending_weeks.removed is 'Trips that were taken out of the week';
comment on column tripgrid.pending_weeks.anew is 'What the rollups hold of the week is not to be relied upon';

-- With their owner's rights: who may write trips need not have any on the notes.
create function tripgrid.note_inserted_trips() returns trigger language plpgsql
  security definer set search_path = pg_catalog, pg_temp as $$
begin
  insert into tripgrid.pending_weeks (week, inserted)
  select date_trunc('week', local_time)::date, count(*) from fresh group by 1;
  return null;
end
$$;

-- TRUNCATE sees no snapshot, so this must not have an old one either: it would miss weeks that were taken up meanwhile. All that
-- is known of any week is marked, also of those that a refresh is at.
create function tripgrid.note_truncated_trips() returns trigger language plpgsql
  security definer set search_path = pg_catalog, pg_temp as $$
begin
  if current_setting('transaction_isolation') <> 'read committed' then
    raise exception 'tripgrid.trips can be truncated in a READ COMMITTED transaction only; this one is %.',
      upper(current_setting('transaction_isolation')) using errcode = 'feature_not_supported';
  end if;
  insert into tripgrid.pending_weeks (week, anew)
  select distinct date_trunc('week', k.week)::date, true
  from (select week from tripgrid.pending_weeks union all select hour from tripgrid.hourly_regions
        union all select week from tripgrid.weekly_origins_7 union all select week from tripgrid.weekly_origins_6
        union all select week from tripgrid.weekly_origins_5 union all select week from tripgrid.weekly_origins_4
        union all select week from tripgrid.weekly_destinations_7 union all select week from tripgrid.weekly_destinations_6
        union all select week from tripgrid.weekly_destinations_5 union all select week from tripgrid.weekly_destinations_4) k;
  return null;
end
$$;

create trigger trips_inserted after insert on tripgrid.trips
  referencing new table as fresh for each statement execute function tripgrid.note_inserted_trips();
create trigger trips_truncated after truncate on tripgrid.trips
  for each statement execute function tripgrid.note_truncated_trips();

insert into tripgrid.pending_weeks (week, inserted)
select date_trunc('week', local_time)::date, count(*) from tripgrid.trips group by 1;

-- These give more columns from now on, which a replacement cannot.
drop function if exists tripgrid.weekly_averages(geometry, text, text, text, date, date, integer[], integer[]);
drop function if exists tripgrid.area_cells(geometry, integer);

-- migrate:down
drop trigger trips_truncated on tripgrid.trips;
drop trigger trips_inserted on tripgrid.trips;
drop function tripgrid.note_truncated_trips, tripgrid.note_inserted_trips;
drop table tripgrid.pending_weeks;
