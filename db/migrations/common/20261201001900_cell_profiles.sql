-- migrate:up
-- Profiles of cells: how many trips of a cell fall into each hour of the week, by periods of four weeks. The rollups know neither hours
-- nor a match of both ends, so a map that asks for them counted the trips themselves, a million for a tile of a large city. A week is
-- too short for a profile: most cells of 150 m have fewer trips in it than a week has hours. The counts are bit-sliced (O'Neil and
-- Quass, Improved query performance with variant indexes, 1997): the trips of some hours are a sum of a few bit_count().
create table tripgrid_internal.cell_profiles (
  first_week date not null,
  match      text collate "C" not null check (match in ('origin', 'destination', 'both')),
  size       smallint not null check (size in (6, 7)),
  cell       text collate "C" not null,
  source     text collate "C" not null,
  region     text collate "C",
  trips      integer not null check (trips > 0),
  planes     bit(168)[] not null
);
-- By period first: a period is replaced as a whole.
create unique index cell_profiles_cell on tripgrid_internal.cell_profiles (first_week, match, size, cell, source, region) nulls not distinct;
comment on table tripgrid_internal.cell_profiles is 'Trips of a cell by hour of the week, in periods of four weeks';
select tripgrid_internal.comment_on_columns('tripgrid_internal.cell_profiles', $$
  first_week: The period: the first of its four Mondays. Periods are counted from 3 January 2000
  match: The end that lies in the cell; both: both ends lie in it
  size: Characters of the cell
  planes: The trips of each hour of the week, from Monday 00:00, as binary numbers cut into planes: plane j has the bits that count 2^(j-1). Null: no bit is set
$$);

-- The periods that had a trip. A period with a week in pending_weeks is counted from the trips, and so is a stale one.
create table tripgrid_internal.profile_periods (
  first_week date primary key,
  is_stale   boolean not null default true,
  generation bigint not null default 0,
  kinds      text[] not null default '{}',
  changed_at timestamptz not null default now(),
  attempts   integer not null default 0,
  tried_at   timestamptz,
  took_s     double precision not null default 0
);
comment on table tripgrid_internal.profile_periods is 'Which periods have profiles';
select tripgrid_internal.comment_on_columns('tripgrid_internal.profile_periods', $$
  is_stale: Whether trips came or went since its profiles were begun
  generation: How often the period became stale
  kinds: Which profiles it has, by match and size: {origin 6}. None where there are few trips, which are read as fast
  changed_at: When the rollups last took up a change of its trips
  attempts: How often its profiles were begun since then
  tried_at: When they were begun last
  took_s: How long making them took, seconds
$$);

-- A database that has trips by now gets the profiles of all of them.
insert into tripgrid_internal.profile_periods (first_week)
select w.first_week::date
from (select min(r.hour)::date as first, max(r.hour)::date as last from tripgrid_internal.live_hourly_regions r) k,
     generate_series(date '2000-01-03' + 28 * floor((k.first - date '2000-01-03') / 28.0)::integer, k.last, interval '28 days') w (first_week);

-- Holds for every process that refreshes, of an older version too. Last, since it makes writers of trips wait.
create function tripgrid_internal.note_refreshed_weeks() returns trigger language plpgsql
  security definer set search_path = pg_catalog, pg_temp as $$
begin
  insert into tripgrid_internal.profile_periods as p (first_week)
  select distinct date '2000-01-03' + 28 * floor((g.week - date '2000-01-03') / 28.0)::integer from gone g
  on conflict (first_week) do update set is_stale = true, generation = p.generation + 1, changed_at = now(), attempts = 0;
  return null;
end
$$;
create trigger weeks_refreshed after delete on tripgrid_internal.pending_weeks
  referencing old table as gone for each statement execute function tripgrid_internal.note_refreshed_weeks();

-- migrate:down
