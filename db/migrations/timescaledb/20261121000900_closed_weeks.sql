-- migrate:up
-- What is taken out of a closed week, or moved into or out of one, would be counted wrongly for ever.
create or replace function tripgrid.note_deleted_trips() returns trigger language plpgsql
  security definer set search_path = pg_catalog, pg_temp as $$
begin
  insert into tripgrid.pending_weeks (week, removed) values (date_trunc('week', old.local_time)::date, 1);
  perform tripgrid.refuse_closed_week(date_trunc('week', old.local_time)::date);
  return null;
end
$$;

create or replace function tripgrid.note_updated_trips() returns trigger language plpgsql
  security definer set search_path = pg_catalog, pg_temp as $$
begin
  insert into tripgrid.pending_weeks (week, removed) values (date_trunc('week', old.local_time)::date, 1);
  insert into tripgrid.pending_weeks (week, inserted) values (date_trunc('week', new.local_time)::date, 1);
  perform tripgrid.refuse_closed_week(date_trunc('week', least(old.local_time, new.local_time))::date);
  return null;
end
$$;

-- migrate:down
create or replace function tripgrid.note_deleted_trips() returns trigger language plpgsql
  security definer set search_path = pg_catalog, pg_temp as $$
begin
  insert into tripgrid.pending_weeks (week, removed) values (date_trunc('week', old.local_time)::date, 1);
  return null;
end
$$;

create or replace function tripgrid.note_updated_trips() returns trigger language plpgsql
  security definer set search_path = pg_catalog, pg_temp as $$
begin
  insert into tripgrid.pending_weeks (week, removed) values (date_trunc('week', old.local_time)::date, 1);
  insert into tripgrid.pending_weeks (week, inserted) values (date_trunc('week', new.local_time)::date, 1);
  return null;
end
$$;
