-- migrate:up
-- Alerts: detections and trips that a rule matches.
create table tripgrid.alert_rules (
  name       text collate "C" primary key check (name <> '' and length(name) <= 200),
  subject    text not null check (subject in ('trips', 'detections')),
  definition json not null check (json_typeof(definition) = 'object'),
  predicate  text not null,
  callback   text,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
comment on table tripgrid.alert_rules is 'Which detections and trips raise an alert';
select tripgrid_internal.comment_on_columns('tripgrid.alert_rules', $$
  definition: The condition as it was sent. It is json and not jsonb, which would change the order of its members
  predicate: The condition as SQL over a row t. The service makes it of the definition, and makes it again when it starts
  callback: The URL that alerts are sent to; null: none
$$);

create table tripgrid.alerts (
  id       uuid primary key default gen_random_uuid(),
  number   bigint,
  rule     text collate "C" not null,
  subject  text not null,
  callback text,
  about    jsonb not null check (jsonb_typeof(about) = 'object'),
  at       timestamptz not null default clock_timestamp()
);
select tripgrid_internal.comment_on_columns('tripgrid.alerts', $$
  number: Given after the commit, by one process at a time: who has seen a number has seen all lower ones. Null: not given yet
  about: The detection or trip as it was stored
$$);
create unique index alerts_number on tripgrid.alerts (number) where number is not null;
create index alerts_unnumbered on tripgrid.alerts (at, id) where number is null;
create index alerts_at on tripgrid.alerts (at);
create index alerts_rule on tripgrid.alerts (rule, number desc) where number is not null;

-- One row, which is locked while numbers are given.
create table tripgrid.alert_state (
  singleton   boolean primary key default true check (singleton),
  last_number bigint not null default 0,
  published   bigint
);
insert into tripgrid.alert_state default values;
comment on column tripgrid.alert_state.published is 'Alerts up to this number were added to the outbox; null: there never was a broker';

-- Where alerts are sent, with the columns of the callbacks of batches: the same code works on both.
create table tripgrid.alert_callbacks (like tripgrid.callbacks including defaults including comments);
alter table tripgrid.alert_callbacks rename column batch_id to alert_id;
alter table tripgrid.alert_callbacks add primary key (alert_id);
create index alert_callbacks_due on tripgrid.alert_callbacks (next_attempt_at) where delivered_at is null and given_up_at is null;

-- Stores an alert for each new row that a rule matches, in the transaction that stores the row. A trigger does it, so it holds for
-- every way in, by HTTP, files, topics or SQL. Without rules it costs the server 1.2 µs a trip, 3 % of an insert, in which the new
-- rows are kept for it, and one look at an empty table for each statement.
create function tripgrid_internal.match_alert_rules() returns trigger language plpgsql
  security definer set search_path = pg_catalog, pg_temp as $$
declare
  iso  constant text := 'YYYY-MM-DD"T"HH24:MI:SS.US';
  rule record;
  about text;
begin
  -- A copy of a database, or rows that were stored before and are stored again.
  if current_setting('tripgrid.copying', true) = 'on' or current_setting('tripgrid.raising', true) = 'off' then
    return null;
  end if;
  for rule in
    select r.name, r.predicate, r.callback, n.nspname as postgis
    from tripgrid.alert_rules r
    join pg_extension e on e.extname = 'postgis'
    join pg_namespace n on n.oid = e.extnamespace
    where r.subject = tg_argv[0]
    order by r.name
  loop
    -- Until this function ends.
    perform set_config('search_path', format('pg_catalog, %I, pg_temp', rule.postgis), true);
    about := case tg_argv[0]
      when 'detections' then format($about$
        jsonb_build_object('id', t.id, 'Year', t.year, 'Make', t.make, 'Model', t.model, 'Category', t.category,
          'seen_at', rtrim(rtrim(to_char(t.seen_at at time zone 'UTC', %1$L), '0'), '.') || 'Z',
          'local_time', rtrim(rtrim(to_char(t.local_time, %1$L), '0'), '.'), 'camera', t.camera,
          'location', case when t.location is not null then jsonb_build_array(st_x(t.location), st_y(t.location)) end)$about$, iso)
      else format($about$
        jsonb_build_object('source', t.source, 'trip_id', t.trip_id, 'region', t.region,
          'local_time', rtrim(rtrim(to_char(t.local_time, %1$L), '0'), '.'),
          'started_at', rtrim(rtrim(to_char(t.started_at at time zone 'UTC', %1$L), '0'), '.') || 'Z',
          'origin', jsonb_build_array(st_x(t.origin), st_y(t.origin)),
          'destination', case when t.destination is not null then jsonb_build_array(st_x(t.destination), st_y(t.destination)) end,
          'duration_s', t.duration_s, 'distance_m', t.distance_m, 'driver_id', t.driver_id, 'rider_id', t.rider_id,
          'vehicle_model', t.vehicle_model)$about$, iso)
      end;
    execute format($insert$
      insert into tripgrid.alerts (rule, subject, callback, about)
      select $1, $2, $3, jsonb_strip_nulls(%s) || case when t.attributes is null then '{}' else jsonb_build_object('attributes', t.attributes) end
      from fresh t where %s$insert$, about, rule.predicate) using rule.name, tg_argv[0], rule.callback;
  end loop;
  return null;
end
$$;
create trigger trips_alerts after insert on tripgrid.trips
  referencing new table as fresh for each statement execute function tripgrid_internal.match_alert_rules('trips');
create trigger detections_alerts after insert on tripgrid.detections
  referencing new table as fresh for each statement execute function tripgrid_internal.match_alert_rules('detections');

-- migrate:down
