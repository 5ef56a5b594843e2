-- Joins neighbouring cells into hot spots, so that a border of the grid between two trips does not separate them.
--
-- In:     cells, geohashes of one length, each once; trips, the number of trips of each
-- Out:    each cell, and its spot, which is named after its busiest cell (of equally busy cells the first by name)
-- Errors: none of its own
--
-- Cells that touch each other, corners included, form a group (ST_ClusterDBSCAN over their places in the grid). A group that is
-- at most three cells wide and high is one spot. A larger group is divided around its busiest cells, in rounds: a cell that is
-- busier than all its remaining neighbours becomes the middle of a spot, and takes the remaining neighbours that have no busier
-- middle beside them. So a spot is never larger than three by three cells, and depends only on the counts.
create or replace function tripgrid_internal.hot_spots(cells text[], trips bigint[])
returns table (cell text, spot text)
language plpgsql immutable parallel safe set search_path from current set jit = off
  -- Comparing each cell with each other cell took minutes; hash tables take milliseconds.
  set enable_nestloop = off set enable_mergejoin = off as $$
declare
  size    constant integer := length(cells[1]);
  columns constant integer := 1 << (5 * size + 1) / 2;
  rows    constant integer := 1 << 5 * size / 2;
  placed  record;
  done    record;
begin
  if coalesce(cardinality(cells), 0) = 0 then
    return;
  end if;
  with ranked as materialized (
    select u.name, row_number() over (order by u.n desc, u.name collate "C")::int as rank,
           floor((st_x(p.at) + 180) / 360 * columns)::int as x, floor((st_y(p.at) + 90) / 180 * rows)::int as y
    from unnest(cells, trips) u (name, n) cross join lateral (select st_pointfromgeohash(u.name) as at offset 0) p
  ), seam as (
    -- The grid is cut open at its widest gap, which is not at the antimeridian if the antimeridian lies in the area.
    select g.x from (select r.x, r.x - lag(r.x, 1, (select max(o.x) from ranked o) - columns) over (order by r.x) as gap from ranked r) g
    order by g.gap desc, g.x limit 1
  ), shifted as (
    select r.name, r.rank, (r.x - s.x + columns) % columns as x, r.y from ranked r, seam s
  ), joined as (
    select s.*, st_clusterdbscan(st_makepoint(s.x, s.y), 1.5, 1) over () as component from shifted s
  ), measured as (
    select j.*, max(j.x) over c - min(j.x) over c < 3 and max(j.y) over c - min(j.y) over c < 3 as is_small,
           first_value(j.name) over (partition by j.component order by j.rank) as busiest
    from joined j window c as (partition by j.component)
  )
  select coalesce(array_agg(m.name) filter (where m.is_small), '{}') as small,
         coalesce(array_agg(m.busiest) filter (where m.is_small), '{}') as spots,
         array_agg(m.name) filter (where not m.is_small) as names, array_agg(m.rank) filter (where not m.is_small) as ranks,
         array_agg(m.x) filter (where not m.is_small) as xs, array_agg(m.y) filter (where not m.is_small) as ys
    into placed from measured m;
  return query select u.name, u.spot from unnest(placed.small, placed.spots) u (name, spot);

  while placed.names is not null loop
    with left_over as materialized (
      select u.name, u.rank, u.x, u.y from unnest(placed.names, placed.ranks, placed.xs, placed.ys) u (name, rank, x, y)
    ), beside as materialized (
      select l.rank, n.rank as other, n.name as other_name
      from left_over l cross join unnest(array[-1, 0, 1]) dx cross join unnest(array[-1, 0, 1]) dy
      join left_over n on n.x = l.x + dx and n.y = l.y + dy
    ), middles as (
      select b.rank from beside b group by b.rank having min(b.other) = b.rank
    ), taken as (
      select distinct on (b.rank) b.rank, b.other_name as spot from beside b join middles m on m.rank = b.other
      order by b.rank, b.other
    )
    select array_agg(l.name) filter (where t.rank is not null) as cells, array_agg(t.spot) filter (where t.rank is not null) as spots,
           array_agg(l.name) filter (where t.rank is null) as names, array_agg(l.rank) filter (where t.rank is null) as ranks,
           array_agg(l.x) filter (where t.rank is null) as xs, array_agg(l.y) filter (where t.rank is null) as ys
      into done from left_over l left join taken t using (rank);
    return query select u.name, u.spot from unnest(done.cells, done.spots) u (name, spot);
    select '{}'::text[] as small, '{}'::text[] as spots, done.names, done.ranks, done.xs, done.ys into placed;
  end loop;
end
$$;
comment on function tripgrid_internal.hot_spots is 'Which neighbouring cells make up a hot spot together';

-- select * from tripgrid_internal.hot_spots(array['u0j2qxy', 'u0j2qxz'], array[3, 5]);
