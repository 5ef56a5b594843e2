-- Brings the totals of clusters, routes and drivers over all weeks, and the places of cells, up to date with the rollups: all of them, as
-- many rows as differ. Readers do not wait for it.
--
-- In:     nothing
-- Out:    how many seconds it took
-- Errors: none of its own. The caller sees to it that no refresh of the rollups runs meanwhile.
create or replace function tripgrid.refresh_totals() returns double precision
language plpgsql volatile set search_path from current set work_mem = '128MB' set jit = off as $$
declare
  began constant timestamptz := clock_timestamp();
begin
  update tripgrid.totals_state t
  set is_behind = false, updated_at = began, opens = w.opens, closes = w.closes, min_trips = w.min_trips,
      as_of = coalesce((select min(p.created_at) from tripgrid.pending_weeks p, tripgrid.settings s where p.week >= s.retired_before), began)
  from (select date_trunc('week', min(h.hour))::date as opens, (date_trunc('week', max(h.hour)) + interval '7 days')::date as closes,
               (select s.min_trips from tripgrid.settings s) as min_trips
        from tripgrid.hourly_regions h) w;
  refresh materialized view concurrently tripgrid.cluster_totals;
  refresh materialized view concurrently tripgrid.route_totals;
  refresh materialized view concurrently tripgrid.driver_totals;
  -- Every cell that a cluster has is among these.
  insert into tripgrid.cells (cell, lat, lon, middle)
  select k.cell, st_y(p.middle), st_x(p.middle), p.middle
  from (select o.cell from tripgrid.weekly_origins_5 o union select d.cell from tripgrid.weekly_destinations_5 d) k
  cross join lateral (select st_setsrid(st_pointfromgeohash(k.cell), 4326) as middle) p
  where not exists (select 1 from tripgrid.cells c where c.cell = k.cell)
  on conflict do nothing;
  update tripgrid.totals_state set took_s = extract(epoch from clock_timestamp() - began);
  return (select t.took_s from tripgrid.totals_state t);
end
$$;
comment on function tripgrid.refresh_totals is 'Brings the totals over all weeks up to date with the rollups';

-- select tripgrid.refresh_totals();
