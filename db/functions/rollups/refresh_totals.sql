-- Brings the totals of clusters, routes and drivers over all weeks, and the places of cells, up to date with the rollups. It
-- computes all totals and changes only the rows that differ. Readers do not wait for it.
--
-- In:     nothing
-- Out:    the duration of the call in seconds
-- Errors: none of its own. The caller ensures that no refresh of the rollups runs meanwhile.
create or replace function tripgrid_internal.refresh_totals() returns double precision
language plpgsql volatile set search_path from current set work_mem = '128MB' set jit = off as $$
declare
  began constant timestamptz := clock_timestamp();
begin
  update tripgrid_internal.totals_state t
  set is_behind = false, updated_at = began, window_start = w.window_start, window_end = w.window_end, min_trips = w.min_trips,
      as_of = coalesce((select min(p.created_at) from tripgrid_internal.pending_weeks p, tripgrid.settings s where p.week >= s.retired_before), began)
  from (select date_trunc('week', min(h.hour))::date as window_start, (date_trunc('week', max(h.hour)) + interval '7 days')::date as window_end,
               (select s.min_trips from tripgrid.settings s) as min_trips
        from tripgrid_internal.hourly_regions h) w;
  refresh materialized view concurrently tripgrid_internal.cluster_totals;
  refresh materialized view concurrently tripgrid_internal.route_totals;
  refresh materialized view concurrently tripgrid_internal.driver_totals;
  -- These include every cell of a cluster.
  insert into tripgrid_internal.cells (cell, lat, lon, middle)
  select k.cell, st_y(p.middle), st_x(p.middle), p.middle
  from (select o.cell from tripgrid_internal.weekly_origins_5 o union select d.cell from tripgrid_internal.weekly_destinations_5 d) k
  cross join lateral (select st_setsrid(st_pointfromgeohash(k.cell), 4326) as middle) p
  where not exists (select 1 from tripgrid_internal.cells c where c.cell = k.cell)
  on conflict do nothing;
  update tripgrid_internal.totals_state set took_s = extract(epoch from clock_timestamp() - began);
  return (select t.took_s from tripgrid_internal.totals_state t);
end
$$;
comment on function tripgrid_internal.refresh_totals is 'Brings the totals over all weeks up to date with the rollups';

-- select tripgrid_internal.refresh_totals();
