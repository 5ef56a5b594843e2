-- Trips a week by the cell in which they began, and by the cell in which they ended, from the rollups.
--
-- Withheld:  groups of fewer trips than the minimum. If those of a week, region and source together have fewer trips than the
--            minimum, the smallest other group is withheld too, because bi.weekly_regions would reveal them.
create or replace view bi.weekly_cells as
select coalesce(w.label, to_char(x.week, 'IYYY"-W"IW')) as week, x.week::date as week_start, x.ends, x.cell,
       coalesce(c.lat, st_y(st_pointfromgeohash(x.cell))) as lat, coalesce(c.lon, st_x(st_pointfromgeohash(x.cell))) as lon,
       x.region, x.source, x.trips, coalesce(c.middle, st_setsrid(st_pointfromgeohash(x.cell), 4326)::geometry(Point, 4326)) as geom
from (
  select 'origin' as ends, k.week, k.cell, k.region, k.source, k.trips from tripgrid_internal.weekly_origins_5 k where (select s.min_trips from tripgrid.settings s) <= 1
  union all
  -- Behind offset 0, so that no condition of the caller's query is evaluated on withheld rows.
  select 'origin' as ends, k.week, k.cell, k.region, k.source, k.trips from (
    select k.*
    from tripgrid_internal.weekly_origins_5 k
    where k.trips >= (select s.min_trips from tripgrid.settings s)
      and not exists (
        select 1
        from (select distinct on (o.week, o.region, o.source) o.week, o.region, o.source, o.cell
              from (select t.week, t.region, t.source from tripgrid_internal.weekly_origins_5 t where t.trips < (select s.min_trips from tripgrid.settings s)
                    group by 1, 2, 3 having sum(t.trips) < (select s.min_trips from tripgrid.settings s)) g
              join tripgrid_internal.weekly_origins_5 o on o.week = g.week and o.source = g.source and coalesce(o.region, '') = coalesce(g.region, '')
              where o.trips >= (select s.min_trips from tripgrid.settings s)
              order by o.week, o.region, o.source, o.trips, o.cell) h
        where h.week = k.week and h.cell = k.cell and h.source = k.source and coalesce(h.region, '') = coalesce(k.region, ''))
    offset 0) k
  where (select s.min_trips from tripgrid.settings s) > 1
  union all
  select 'destination' as ends, k.week, k.cell, k.region, k.source, k.trips from tripgrid_internal.weekly_destinations_5 k where (select s.min_trips from tripgrid.settings s) <= 1
  union all
  select 'destination' as ends, k.week, k.cell, k.region, k.source, k.trips from (
    select k.*
    from tripgrid_internal.weekly_destinations_5 k
    where k.trips >= (select s.min_trips from tripgrid.settings s)
      and not exists (
        select 1
        from (select distinct on (o.week, o.region, o.source) o.week, o.region, o.source, o.cell
              from (select t.week, t.region, t.source from tripgrid_internal.weekly_destinations_5 t where t.trips < (select s.min_trips from tripgrid.settings s)
                    group by 1, 2, 3 having sum(t.trips) < (select s.min_trips from tripgrid.settings s)) g
              join tripgrid_internal.weekly_destinations_5 o on o.week = g.week and o.source = g.source and coalesce(o.region, '') = coalesce(g.region, '')
              where o.trips >= (select s.min_trips from tripgrid.settings s)
              order by o.week, o.region, o.source, o.trips, o.cell) h
        where h.week = k.week and h.cell = k.cell and h.source = k.source and coalesce(h.region, '') = coalesce(k.region, ''))
    offset 0) k
  where (select s.min_trips from tripgrid.settings s) > 1
) x
left join tripgrid_internal.cells c on c.cell = x.cell
-- A lookup, because formatting the name of each row's week takes as long as all the rest. GROUP BY shows the planner that each
-- week is there once, so that a query without the name looks nothing up.
left join (select m as monday, to_char(m, 'IYYY"-W"IW') as label
           from generate_series(timestamp '1999-12-27', timestamp '2040-01-02', interval '7 days') m group by m) w on w.monday = x.week;
comment on view bi.weekly_cells is 'Trips a week by cell, once for where they began and once for where they ended: choose one of the two by ends. Groups of fewer trips than the minimum (bi.freshness.min_trips) are withheld, and as many more as would give them away';
comment on column bi.weekly_cells.week is 'ISO week, such as 2018-W18, in the local time of the origin';
comment on column bi.weekly_cells.week_start is 'Monday of the week';
comment on column bi.weekly_cells.ends is 'origin: trips that began in the cell; destination: trips that ended in it';
comment on column bi.weekly_cells.cell is 'Geohash of five characters, about 4.9 km wide';
comment on column bi.weekly_cells.lat is 'Latitude of the middle of the cell, degrees';
comment on column bi.weekly_cells.lon is 'Longitude of the middle of the cell, degrees';
comment on column bi.weekly_cells.region is 'Name of the region that the trips carry; null for trips without one';
comment on column bi.weekly_cells.source is 'Who reported the trips';
comment on column bi.weekly_cells.trips is 'Trips of the week';
comment on column bi.weekly_cells.geom is 'The middle of the cell as a point, SRID 4326';

-- select cell, lat, lon, sum(trips) from bi.weekly_cells where ends = 'origin' and week_start >= '2018-05-07' group by 1, 2, 3;
