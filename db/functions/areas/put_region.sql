-- Defines a region, or changes its boundary or time zone.
--
-- In:     name
--         new_boundary, polygon or multipolygon. Null: stays as it is
--         new_time_zone, IANA name. Null: stays as it is
--         recompute, whether its trips are to be moved if their local times do not follow the new time zone. They are moved in the
--         background; the column recompute of the region says that they are to be
-- Out:    true if the region is new; false if it was known before, also if only trips named it
-- Errors: TG001 for the boundary. TG002 for a time zone that the database does not know. TG004 if trips carry the region and local
--         times would change: without recompute, or if some of these trips are no longer kept.
--
-- A caller that changes a time zone keeps writers of trips out until it commits.
create or replace function tripgrid_internal.put_region(
  name text, new_boundary geometry default null, new_time_zone text default null, recompute boolean default false)
returns boolean
language plpgsql volatile set search_path from current as $$
#variable_conflict use_column
declare
  known    tripgrid.regions;
  is_other boolean;
  moves    boolean := false;
begin
  if new_time_zone is not null and not exists (select from pg_timezone_names z where lower(z.name) = lower(new_time_zone)) then
    raise exception 'time_zone: the database does not know the time zone "%".', new_time_zone using errcode = 'TG002';
  end if;
  -- Finds or inserts the row, and locks it before has_trips is read: a batch with the region's first trip waits for this call, or
  -- this call waits for the batch.
  insert into tripgrid.regions as r (name) values (put_region.name)
    on conflict (name) do update set updated_at = r.updated_at returning r.* into known;
  is_other := new_time_zone is not null and lower(new_time_zone) is distinct from lower(known.time_zone);
  if is_other and known.has_trips then
    moves := exists (select from tripgrid_internal.misplaced_trips(name, new_time_zone, most => 1));
    if moves and not recompute then
      raise exception 'The region "%" has trips, whose local times would change with the time zone %. Give recompute=true to move them.',
        name, new_time_zone using errcode = 'TG004';
    end if;
    if exists (select from tripgrid_internal.retired_hourly_regions h where h.region = put_region.name) then
      raise exception 'Some trips of the region "%" are no longer kept, so it cannot be told whether their local times follow the time zone %.',
        name, new_time_zone using errcode = 'TG004';
    end if;
  end if;
  update tripgrid.regions r
    set boundary = coalesce(st_multi(tripgrid.checked_area(new_boundary)), r.boundary),
        time_zone = coalesce(new_time_zone, r.time_zone), is_defined = true, updated_at = now(),
        recompute = case when moves then jsonb_build_object('state', 'running', 'moved', 0, 'since', clock_timestamp()) else r.recompute end
    where r.name = put_region.name;
  -- Writers keep which parts of a boundary hold their trips.
  if is_other or new_boundary is not null then
    update tripgrid.settings set names_version = names_version + 1;
    -- Their local times followed the old time zone, so nothing that is sent from now on could be taken for one of them.
    delete from tripgrid.cancelled_trips c where is_other and c.region = put_region.name;
  end if;
  return not known.is_defined and not known.has_trips;
end
$$;
comment on function tripgrid_internal.put_region is 'Defines a region or changes its boundary or time zone; whether it is new';

-- select tripgrid_internal.put_region('Turin', st_makeenvelope(7.58, 45.00, 7.77, 45.14), 'Europe/Rome');
