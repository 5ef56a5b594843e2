-- Defines a region, or changes what is given of it.
--
-- In:     name; new_boundary, polygon or multipolygon, null: stays as it is; new_time_zone, IANA name, null: stays as it is
-- Out:    whether the region is new; false too if it was known from trips only
-- Errors: TG001 for the boundary, TG002 for a time zone that the database does not know, TG004 if the time zone would
--         change although trips carry the region: their local times were computed with it
create or replace function tripgrid.put_region(name text, new_boundary geometry default null, new_time_zone text default null)
returns boolean
language plpgsql volatile set search_path from current as $$
#variable_conflict use_column
declare
  zone_now text;
  known    tripgrid.regions;
begin
  if new_time_zone is not null and not exists (select from pg_timezone_names z where lower(z.name) = lower(new_time_zone)) then
    raise exception 'time_zone: the database does not know the time zone "%".', new_time_zone using errcode = 'TG002';
  end if;
  -- Finds the row or makes it, and locks it before has_trips is read: a batch that brings the region's first trip waits, or is
  -- waited for.
  insert into tripgrid.regions as r (name) values (put_region.name)
    on conflict (name) do update set updated_at = r.updated_at returning r.* into known;
  select coalesce(known.time_zone, s.time_zone) into zone_now from tripgrid.settings s;
  if known.has_trips and new_time_zone is not null and lower(new_time_zone) <> lower(zone_now) then
    raise exception 'The region "%" has trips, whose local times were computed with the time zone %; it cannot become %.',
      name, zone_now, new_time_zone using errcode = 'TG004';
  end if;
  update tripgrid.regions r
    set boundary = coalesce(st_multi(tripgrid.checked_area(new_boundary)), r.boundary),
        time_zone = coalesce(new_time_zone, r.time_zone), is_defined = true, updated_at = now()
    where r.name = put_region.name;
  return not known.is_defined and not known.has_trips;
end
$$;
comment on function tripgrid.put_region is 'Defines a region or changes its boundary or time zone; whether it is new';

-- select tripgrid.put_region('Turin', st_makeenvelope(7.58, 45.00, 7.77, 45.14), 'Europe/Rome');
